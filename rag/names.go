package rag

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"yinju/rag/sound"
)

// nameKind says what an article is named by.
type nameKind string

// The kinds.
const (
	authorName      nameKind = "author"
	publicationName nameKind = "publication"
	titleName       nameKind = "title"
)

// articleName is one row of article_names.
type articleName struct {
	kind               nameKind
	name, sound, shown string
}

const (
	longestName   = 200 // characters of a name that are kept: what is longer is no name, and no index entry
	shortestGap   = 3   // characters of a name from which on one may be wrong
	longestGap    = 8   // and up to which; of longer names a question's words would have too many gaps
	gap           = "_" // stands for the character that may be wrong; no name has it
	shortestTitle = 4   // characters of a part of a title that names the article by itself
)

// bare leaves the letters and digits of a name, folded.
func bare(name string) string {
	letters, _ := squash(name)
	return string(letters)
}

// namesOf are all names under which an article is found, in a fixed order.
func namesOf(a *Article) []articleName {
	var all []articleName
	for _, author := range a.Authors {
		all = append(all, soundingNames(authorName, author)...)
	}
	all = append(all, soundingNames(publicationName, a.Publication)...)
	for _, title := range titleForms(a.Title, a.Publication) {
		all = append(all, newName(titleName, title, ""))
	}
	all = slices.DeleteFunc(all, func(n articleName) bool { return n.name == "" || utf8.RuneCountInString(n.name) > longestName })
	slices.SortFunc(all, func(x, y articleName) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name), cmp.Compare(x.sound, y.sound))
	})
	return slices.CompactFunc(all, func(x, y articleName) bool { return x.kind == y.kind && x.name == y.name && x.sound == y.sound })
}

func newName(kind nameKind, shown, sound string) articleName {
	return articleName{kind: kind, name: bare(shown), sound: sound, shown: shown}
}

// soundingNames is a name with each of its sounds and gaps; a name without any has one row.
func soundingNames(kind nameKind, shown string) []articleName {
	shown = tidy(shown)
	keys := append(nameSounds(shown), gaps(bare(shown))...)
	if len(keys) == 0 {
		keys = []string{""}
	}
	all := make([]articleName, len(keys))
	for i, key := range keys {
		all[i] = newName(kind, shown, key)
	}
	return all
}

func nameSounds(shown string) []string {
	if keys := sound.Keys(bare(shown)); keys != nil {
		return keys
	}
	return sound.Latin(shown)
}

// tidy takes the white space out of a name; between letters of other scripts than Chinese a blank stays.
func tidy(name string) string {
	words := strings.Fields(name)
	if hasHan(name) {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

// gaps are a Chinese name with a gap in the place of each of its characters; none where it is too short or too long.
func gaps(name string) []string {
	n := utf8.RuneCountInString(name)
	if n < shortestGap || n > longestGap || strings.ContainsFunc(name, notHan) {
		return nil
	}
	all := make([]string, 0, n)
	for i, r := range name {
		all = append(all, name[:i]+gap+name[i+utf8.RuneLen(r):])
	}
	return all
}

func notHan(r rune) bool { return !unicode.Is(unicode.Han, r) }

var (
	seriesMark = regexp.MustCompile(`\s*(?:[\x{2460}-\x{2473}\x{3220}-\x{3229}\x{2474}-\x{2487}]|[(（【\[][一二三四五六七八九十上中下\d]{1,3}[)）】\]]|之[一二三四五六七八九十])$`)
	paperLead  = regexp.MustCompile(`^([^：:\s]{2,8})[：:]\s*(\S.*)$`)
	titleBreak = regexp.MustCompile(`\s*[—–―－]+\s*|[\s\x{3000}]+|[：:|｜/]`)
)

// titleForms are a title and what people quote of it: without the name of the paper before it, without the mark
// of a series behind it, and its parts where it has a second line.
func titleForms(title, publication string) []string {
	forms := []string{title}
	if m := paperLead.FindStringSubmatch(title); m != nil && isPaper(m[1], publication) {
		forms = append(forms, m[2])
	}
	for _, form := range slices.Clone(forms) {
		if unmarked := seriesMark.ReplaceAllString(form, ""); unmarked != form {
			forms = append(forms, unmarked)
		}
	}
	for _, part := range titleBreak.Split(forms[len(forms)-1], -1) {
		if utf8.RuneCountInString(bare(part)) >= shortestTitle {
			forms = append(forms, part)
		}
	}
	return forms
}

// isPaper says whether what stands before a title's colon is where it was published.
func isPaper(lead, publication string) bool {
	return publication != "" && bare(lead) == bare(publication) || endsWith([]rune(lead), "报報刊网網社")
}

// replaceNames stores the names of a source's articles in place of the old ones.
func replaceNames(ctx context.Context, tx pgx.Tx, source int64, articles []*Article) error {
	if _, err := tx.Exec(ctx, `delete from article_names n using articles a where a.id = n.article_id and a.source_id = $1`, source); err != nil {
		return fmt.Errorf("clear the names of articles: %w", err)
	}
	var rows [][]any
	for _, a := range articles {
		for _, n := range namesOf(a) {
			rows = append(rows, []any{a.ID, string(n.kind), n.name, n.sound, n.shown})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"article_names"}, []string{"article_id", "kind", "name", "sound", "shown"}, pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("store the names of articles: %w", err)
	}
	return nil
}

// insertSounds stores how the terms of an index sound. They come in order, so that of two processes that store
// the same ones neither waits for the other in a circle.
func insertSounds(ctx context.Context, tx pgx.Tx, ix index) error {
	type pair struct{ sound, term string }
	var pairs []pair
	for _, e := range ix.entries {
		if utf8.RuneCountInString(e.term) == 2 {
			for _, key := range sound.Keys(e.term) {
				pairs = append(pairs, pair{key, e.term})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.sound, b.sound), cmp.Compare(a.term, b.term)) })
	sounds, terms := make([]string, len(pairs)), make([]string, len(pairs))
	for i, p := range pairs {
		sounds[i], terms[i] = p.sound, p.term
	}
	_, err := tx.Exec(ctx, `insert into term_sounds (sound, term) select * from unnest($1::text[], $2::text[]) on conflict do nothing`, sounds, terms)
	if err != nil {
		return fmt.Errorf("store the sounds of terms: %w", err)
	}
	return nil
}
