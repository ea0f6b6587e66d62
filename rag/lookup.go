package rag

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"yinju/rag/sound"
)

// Limits of what of a question is looked up as a name.
const (
	lookedAt      = 300 // characters from its beginning on: what is longer is a text that was pasted
	shortestGram  = 2   // characters of a Chinese name
	longestGram   = 12
	longestSound  = 8   // characters up to which a name is looked up by its sound
	latinWords    = 3   // of a name in Latin letters
	namesFound    = 200 // names that are read
	spelledNames  = 12  // that begin with one character, about
	spelledSounds = 42  // as above, gaps included
	articlesFound = 200 // articles of one name that are read; those of the dates asked for come first
)

// lookups are the words of a question that may name an article, and where they stand. Spans count the
// question's runes.
type lookups struct {
	runes  []rune
	names  []spelling // bare names
	sounds []spelling // keys of package sound, and names with a gap
	marked []Span     // what stands in title marks or quotation marks, those left out
	dates  []askedDate
}

// spelling is what may be a name, and where it stands. There are hundreds of a question, some more than once, and few
// are found: they are in no map.
type spelling struct {
	text string
	span Span
}

func newLookups(question string) *lookups {
	l := &lookups{runes: []rune(question)}
	l.runes = l.runes[:min(len(l.runes), lookedAt)]
	l.names, l.sounds = make([]spelling, 0, spelledNames*len(l.runes)), make([]spelling, 0, spelledSounds*len(l.runes))
	l.dates = askedDates(strings.Map(narrow, string(l.runes)))
	for i := 0; i < len(l.runes); {
		end := skip(l.runes, i, func(r rune) bool { return !notHan(r) })
		l.han(Span{i, end})
		i = max(end, i+1)
	}
	l.latin()
	l.titles()
	return l
}

// narrow makes full-width digits plain ones.
func narrow(r rune) rune {
	if r >= '０' && r <= '９' {
		return r - '０' + '0'
	}
	return r
}

// han notes every part of a run of Han characters.
func (l *lookups) han(run Span) {
	for start := run.Start; start < run.End; start++ {
		for end := start + shortestGram; end <= min(start+longestGram, run.End); end++ {
			name, span := string(l.runes[start:end]), Span{start, end}
			l.named(name, span)
			if span.Len() <= longestSound {
				l.sounding(sound.Keys(name), span)
				l.sounding(gaps(name), span)
			}
		}
	}
}

func (l *lookups) named(name string, span Span) {
	if name != "" {
		l.names = append(l.names, spelling{name, span})
	}
}

func (l *lookups) sounding(keys []string, span Span) {
	for _, key := range keys {
		if key != "" {
			l.sounds = append(l.sounds, spelling{key, span})
		}
	}
}

var (
	latinWord  = regexp.MustCompile(`[\p{Latin}]+(?:['’-][\p{Latin}]+)*`)
	possessive = regexp.MustCompile(`['’]s$`)
)

// latin notes runs of words in Latin letters that begin with a capital, by name and, as pinyin, by sound, the
// family name first or last; and the English names of Chinese papers.
func (l *lookups) latin() {
	text := string(l.runes)
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
		return
	}
	at := latinWord.FindAllStringIndex(text, -1)
	for i := range at {
		var words []string
		for j := i; j < min(i+latinWords, len(at)); j++ {
			word := possessive.ReplaceAllString(text[at[j][0]:at[j][1]], "")
			if first, _ := utf8.DecodeRuneInString(word); !unicode.IsUpper(first) || j > i && strings.TrimSpace(text[at[j-1][1]:at[j][0]]) != "" {
				break
			}
			words = append(words, word)
			l.latinName(words, spanOf(text, at[i][0], at[j][0]+len(word)))
		}
	}
	for _, p := range papers {
		for _, m := range p.english.FindAllStringIndex(text, -1) {
			l.named(p.name, spanOf(text, m[0], m[1]))
		}
	}
}

func (l *lookups) latinName(words []string, span Span) {
	l.named(bare(strings.Join(words, "")), span)
	l.sounding(sound.Latin(strings.Join(words, " ")), span)
	if len(words) == 2 {
		l.named(bare(words[1]+words[0]), span)
		l.sounding(sound.Latin(words[1]+" "+words[0]), span)
	}
}

// spanOf counts runes where a text counts bytes.
func spanOf(text string, start, end int) Span {
	first := utf8.RuneCountInString(text[:start])
	return Span{first, first + utf8.RuneCountInString(text[start:end])}
}

var marked = regexp.MustCompile(`《([^《》]+)》|〈([^〈〉]+)〉|“([^“”]+)”|「([^「」]+)」|『([^『』]+)』|"([^"]+)"`)

// titles notes what stands in marks.
func (l *lookups) titles() {
	text := string(l.runes)
	for _, m := range marked.FindAllStringSubmatchIndex(text, -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 {
				continue
			}
			span := spanOf(text, m[g], m[g+1])
			l.marked = append(l.marked, span)
			l.named(bare(text[m[g]:m[g+1]]), span)
		}
	}
}

// foundName is a name that the store has for words of a question, with articles that have it: ids, dates and
// publications side by side.
type foundName struct {
	Kind         nameKind
	Name         string // bare
	Shown        string // as a source writes it
	Articles     []int64
	Dates        []string
	Publications []string
}

// namesQuery queues the one look-up of a question's names on a batch; found and dates are set when its results
// are read. Dates are those that articles have of the days and months which the question gives without a year. The spellings, some hundreds, go as one text, for an array costs twice the time on both sides; and they are joined
// to the names, for any() of a list that the plan does not know compares every name with each of them.
func namesQuery(batch *pgx.Batch, l *lookups, found *[]foundName, dates *[]string) {
	patterns := l.datePatterns()
	batch.Queue(`with named as (
			select kind, name, min(shown) as shown from (
				select n.kind, n.name, n.shown, true as is_exact from unnest(string_to_array($1, E'\n')) as q(name) join article_names n on n.name = q.name
				union all
				select n.kind, n.name, n.shown, false from unnest(string_to_array($2, E'\n')) as q(sound) join article_names n on n.sound = q.sound) x
			group by kind, name order by bool_or(is_exact) desc, kind, name limit $4)
		select n.kind, n.name, n.shown, x.articles, x.dates, x.publications
		from named n, lateral (
			select array_agg(y.id order by y.id) as articles, array_agg(y.published order by y.id) as dates,
				array_agg(y.publication order by y.id) as publications
			from (
				select a.id, a.published, a.publication from articles a
				where a.id in (select m.article_id from article_names m where m.kind = n.kind and m.name = n.name)
				order by a.published like any($3) desc, a.id limit $5) y) x
		order by n.kind, n.name`,
		lines(l.names), lines(l.sounds), patterns, namesFound, articlesFound).
		Query(func(rows pgx.Rows) (err error) {
			*found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[foundName])
			return err
		})
	if len(patterns) == 0 {
		return
	}
	batch.Queue(`select distinct published from articles where published like any($1) order by published`, patterns).
		Query(func(rows pgx.Rows) (err error) {
			*dates, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
}

// lines are spellings in lines, of which none has a line break in it.
func lines(spellings []spelling) string {
	texts := make([]string, len(spellings))
	for i, s := range spellings {
		texts[i] = s.text
	}
	return strings.Join(texts, "\n")
}

// papers are English names of national papers and journals.
var papers = func() []paper {
	var all []paper
	for english, name := range map[string]string{
		`people['’]?s daily|renmin ribao`: "人民日报", `guangming daily`: "光明日报", `economic daily`: "经济日报",
		`china education (?:daily|news)`: "中国教育报", `qiushi`: "求是", `red flag manuscripts?`: "红旗文稿",
		`china youth daily`: "中国青年报", `science and technology daily`: "科技日报", `workers['’]? daily`: "工人日报",
		`study times`: "学习时报", `legal daily|rule of law daily`: "法治日报", `pla daily`: "解放军报",
		`liberation daily`: "解放日报", `farmers['’]? daily`: "农民日报", `beijing daily`: "北京日报",
		`xinhua(?: news agency)?`: "新华社", `china higher education`: "中国高等教育", `global times`: "环球时报",
		`reference news`: "参考消息", `china daily`: "中国日报", `southern daily`: "南方日报", `wen ?hui daily`: "文汇报",
	} {
		all = append(all, paper{regexp.MustCompile(`(?i)\b(?:` + english + `)\b`), name})
	}
	return all
}()

type paper struct {
	english *regexp.Regexp
	name    string
}
