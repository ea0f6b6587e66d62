package rag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tmc/langchaingo/llms"

	"yinju/rag/draft"
	"yinju/rag/llm"
)

// given is a passage that the model is given.
type given struct {
	article *Article
	span    Span // of the article's runes
	text    string
	hit     int      // its index among the hits, -1 for a line that an article says of itself
	passage *Passage // nil for such a line
}

// givenOf are the passages that a model is given: the best ones, behind what the quotes have beside them.
func (s *search) givenOf(quoted []Citation) (all []given) {
	hits := s.hits[:min(givenPassages, len(s.hits))]
	for _, c := range quoted {
		at := c.Quote.Location()
		span := Span{at.StartChar, at.EndChar}
		isIn := slices.ContainsFunc(hits, func(h Hit) bool {
			return h.Passage.Article.ID == c.Quote.Article().ID && h.Passage.Span.Start <= span.Start && span.End <= h.Passage.Span.End
		})
		if !isIn && !slices.ContainsFunc(c.Quote.Also(), func(also Copy) bool {
			return slices.ContainsFunc(hits, func(h Hit) bool { return h.Passage.Article.ID == also.Article.ID })
		}) {
			all = append(all, given{article: c.Quote.Article(), span: span, text: c.Quote.Text(), hit: -1})
		}
	}
	for i := range hits {
		p := &hits[i].Passage
		all = append(all, given{article: p.Article, span: p.Span, text: p.Text, hit: i, passage: p})
	}
	return all
}

// about names an article for a model and for what is checked: all that is known of it.
func about(a *Article) string {
	parts := []string{titled(a.Title), strings.Join(a.Authors, "、"), a.Publication, a.Date}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// composer makes an answer out of a draft, sentence by sentence.
type composer struct {
	answerer *Answerer
	search   *search
	given    []given
	tell     func(Event) error
	chinese  bool
	mark     bool

	picks     []pick // of the citations, in their order
	citations []Citation
	text      strings.Builder
	leading   []draft.Sentence // that lead on to one that has not come yet
	written   *Written
	taken     int // sentences of the draft so far
}

// write lets the model write the answer. The answer is left as it is, with a reason, where nothing of that holds;
// the error is the caller's own, or the database's.
func (a *Answerer) write(ctx context.Context, s *search, answer *Answer, spent *spending, tell func(Event) error) error {
	answer.Written.Usage = spent.used
	if err := tell(Event{Stage: StageWrite}); err != nil {
		return err
	}
	w := &composer{
		answerer: a, search: s, given: s.givenOf(answer.Citations), tell: tell, chinese: asksInChinese(answer.Question),
		mark: spent.Mark, written: answer.Written,
	}
	complete, err := w.read(ctx, answer.Question, spent)
	answer.Written.Usage = spent.used
	switch {
	case err != nil:
		return err
	case len(w.citations) == 0:
		if answer.Written.Why == "" {
			answer.Written.Why = NothingSupported
		}
		if answer.Written.Why == NoAnswer {
			answer.Status = Related
		}
		for _, marked := range answer.Written.Sentences { // none of which is shown then
			if len(marked.Faults) > 0 {
				w.drop(marked.Faults)
			}
		}
		answer.Written.Sentences = []WrittenSentence{}
		return nil
	}
	answer.Written.Used = true
	if !complete {
		answer.Written.Why = CutOff // whatever ended it, there is a part
		if err := w.add("\n" + answer.Written.Why.Say(w.chinese)); err != nil {
			return err
		}
	}
	answer.Citations = w.citations
	for _, scope := range s.scopes(answer.quoted()) {
		if scope.Widened {
			if err := w.add(fmt.Sprintf("\n"+widened(w.chinese), scope.Text)); err != nil {
				return err
			}
		}
	}
	answer.Text = w.text.String()
	return nil
}

// read asks the model and takes its draft. complete is false where it broke off.
func (w *composer) read(ctx context.Context, question string, spent *spending) (complete bool, err error) {
	handles := draft.NewHandles(len(w.given) + 2) // one for an example, and one that says that there is no answer
	example, none := handles[len(w.given)], handles[len(w.given)+1]
	messages, passages, err := w.prompt(question, handles, spent)
	if err != nil {
		return false, err
	}
	reader := draft.NewReader(passages, w.answerer.retriever.DraftOptions())
	var reply strings.Builder
	choice, err := spent.call(ctx, messages, replyTokens, func(piece string) error {
		reply.WriteString(piece)
		return w.take(ctx, reader.Write(piece))
	})
	var own *takeError
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case errors.As(err, &own):
		return false, own.err
	}
	complete = err == nil && choice.StopReason == "stop"
	if taken := w.take(ctx, reader.Close(complete)); errors.As(taken, &own) {
		return false, own.err
	} else if taken != nil {
		complete, err = false, taken
	}
	said := draft.WithoutThoughts(reply.String())
	w.written.Unknown = max(0, reader.Unknown()-strings.Count(said, none)-strings.Count(said, example))
	w.written.Why, w.written.Error = reasonOf(err, complete)
	if w.written.Why == CutOff && strings.TrimSpace(said) == "" {
		w.written.Why = Failed // there was nothing to break off
	}
	if complete && len(w.citations) == 0 && strings.Contains(said, none) {
		w.written.Why = NoAnswer
	}
	return complete, nil
}

// reasonOf says why a reply is not one, "" where it is.
func reasonOf(err error, complete bool) (why Reason, detail string) {
	switch {
	case err == nil && complete:
		return "", ""
	case err == nil:
		return CutOff, "the reply reached its greatest length"
	case errors.Is(err, errOverBudget), errors.Is(err, llm.ErrBudget):
		return OverBudget, err.Error()
	case errors.Is(err, llm.ErrCut), errors.Is(err, llm.ErrSilent), errors.Is(err, llm.ErrTooLong), errors.Is(err, errEndless):
		return CutOff, err.Error()
	}
	return Failed, err.Error()
}

// prompt fills in the prompt with as many passages as there is room for, the best ones.
func (w *composer) prompt(question string, handles []string, spent *spending) ([]llms.MessageContent, []draft.Passage, error) {
	data := answerPrompt{
		Question: inOneLine(question), Example: draft.Cite(handles[len(w.given)]), None: draft.Cite(handles[len(w.given)+1]), Sentences: maxSentences,
	}
	passages := make([]draft.Passage, len(w.given))
	for i, g := range w.given {
		passages[i] = draft.Passage{Handle: handles[i], Text: g.text, About: about(g.article), Authors: g.article.Authors, Publication: g.article.Publication}
		data.Passages = append(data.Passages, promptPassage{handles[i], inOneLine(passages[i].About), asData(g.text)})
	}
	for {
		messages, err := messagesOf("answer", langOf(question), data)
		if err != nil || len(data.Passages) <= 1 || spent.room(messages, replyTokens) >= goodTokens {
			return messages, passages[:len(data.Passages)], err
		}
		data.Passages = data.Passages[:len(data.Passages)-1]
	}
}

// takeError is an error of ours within a call of the model.
type takeError struct{ err error }

func (e *takeError) Error() string { return e.err.Error() }

// maxTaken is how many sentences of a draft are read. A model that writes more does not answer, or does not end.
const maxTaken = 6 * maxSentences

var errEndless = fmt.Errorf("the model wrote more than %d sentences", maxTaken)

// take puts sentences that are settled into the answer. The error is a *takeError, or errEndless.
func (w *composer) take(ctx context.Context, sentences []draft.Sentence) error {
	for _, s := range sentences {
		if w.taken++; w.taken > maxTaken {
			return errEndless
		}
		w.written.Lost += s.Lost
		if s.LeadsOn && s.Supported() {
			w.leading = append(w.leading, s)
			continue
		}
		if err := w.sentence(ctx, s); err != nil {
			return &takeError{err}
		}
	}
	return nil
}

// sentence puts one sentence into the answer, or counts why it is not there.
func (w *composer) sentence(ctx context.Context, s draft.Sentence) error {
	isMarked := !s.Supported() && w.mark && !slices.Contains(s.Faults, draft.Unending)
	if !s.Supported() && !isMarked {
		w.drop(s.Faults)
		return nil
	}
	var numbers []int
	if isMarked { // what it quotes is cited all the same; what it only refers to does not bear it out
		s.Cites = nil
	}
	if s.Supported() || len(s.Quotes) > 0 {
		before := len(w.citations)
		var err error
		if numbers, err = w.cite(ctx, s); err != nil {
			return err
		}
		if len(numbers) == 0 { // its passages changed while it was written
			w.drop([]draft.Fault{draft.NoHandle})
			return nil
		}
		for i := range w.citations[before:] {
			if err := w.tell(Event{Citation: &w.citations[before+i]}); err != nil {
				return err
			}
		}
	}
	for _, lead := range w.leading {
		if err := w.put(lead, nil, false); err != nil {
			return err
		}
	}
	w.leading = nil
	return w.put(s, numbers, isMarked)
}

func (w *composer) drop(faults []draft.Fault) {
	w.leading = nil
	w.written.LeftOut++
	for _, f := range faults {
		w.written.Dropped[f]++
	}
}

// put adds a sentence to the text, with the numbers of its citations behind it.
func (w *composer) put(s draft.Sentence, numbers []int, isMarked bool) error {
	var b strings.Builder
	switch {
	case w.text.Len() == 0:
	case s.Lead != "":
		b.WriteString(s.Lead)
	case !w.chinese, endsInLatin(w.text.String()):
		b.WriteByte(' ')
	}
	s.Text = inDirection(s.Text)
	b.WriteString(s.Marker + s.Text)
	if s.Lost > 0 && !s.LeadsOn {
		b.WriteString(unquoted(w.chinese))
	}
	if isMarked {
		b.WriteString(unsupported(w.chinese))
	}
	for _, n := range numbers {
		fmt.Fprintf(&b, "[%d]", n)
	}
	out := WrittenSentence{Text: s.Text, Citations: numbers, Faults: s.Faults, Lost: s.Lost, LeadsOn: s.LeadsOn}
	if out.Citations == nil {
		out.Citations = []int{}
	}
	if out.Faults == nil {
		out.Faults = []draft.Fault{}
	}
	w.written.Sentences = append(w.written.Sentences, out)
	return w.add(b.String())
}

// add puts a text behind the answer.
func (w *composer) add(text string) error {
	w.text.WriteString(text)
	return w.tell(Event{Text: text, Written: true})
}

func endsInLatin(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, "[]0123456789"))
	return r < 0x80
}

// cite gives the numbers of the quotes that bear a sentence out: of each quotation in it the sentences that have it,
// of each other passage that it cites what says most of it. A quote that was given before keeps its number.
func (w *composer) cite(ctx context.Context, s draft.Sentence) (numbers []int, err error) {
	var wanted []pick
	var from []int
	quoted := map[int]bool{}
	for _, q := range s.Quotes {
		quoted[q.Passage] = true
		wanted, from = append(wanted, w.given[q.Passage].around(Span(q.Span))), append(from, q.Passage)
	}
	for _, i := range s.Cites {
		if !quoted[i] {
			wanted, from = append(wanted, w.saying(i, s.Text)), append(from, i)
		}
	}
	old := make([]int, len(wanted)) // index of a citation that has it already, -1
	var fresh []pick
	for i, p := range wanted {
		old[i] = slices.IndexFunc(w.picks, func(c pick) bool {
			return c.article == p.article && c.span.Start <= p.span.Start && p.span.End <= c.span.End
		})
		if old[i] < 0 && !slices.ContainsFunc(fresh, func(c pick) bool { return c.article == p.article && c.span == p.span }) {
			fresh = append(fresh, p)
		}
	}
	for _, p := range fresh {
		quotes, err := w.answerer.store.quotes(ctx, []pick{p})
		if err != nil {
			return nil, err
		}
		if len(quotes) > 0 {
			w.picks = append(w.picks, p)
			w.citations = append(w.citations, Citation{N: len(w.citations) + 1, Quote: quotes[0]})
		}
	}
	for i, p := range wanted {
		at := old[i]
		if at < 0 {
			at = slices.IndexFunc(w.picks, func(c pick) bool { return c.article == p.article && c.span == p.span })
		}
		if at < 0 {
			if quoted[from[i]] { // what is between quotation marks has to be cited
				return nil, nil
			}
			continue
		}
		if n := w.citations[at].N; !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// around is the shortest quote of a passage that has a span of it: whole sentences, or the span alone where those
// are too long.
func (g given) around(span Span) pick {
	best := span
	if g.passage != nil {
		for s := range quotableSpans(g.passage) {
			if s.Start <= span.Start && span.End <= s.End && (best == span || s.Len() < best.Len()) {
				best = s
			}
		}
	} else {
		best = Span{0, g.span.Len()}
	}
	return g.pick(best)
}

func (g given) pick(s Span) pick {
	return pick{article: g.article.ID, span: Span{g.span.Start + s.Start, g.span.Start + s.End}, text: string([]rune(g.text)[s.Start:s.End])}
}

// saying is the quote of a passage that says most of a sentence; where they have no words in common, as in two
// languages, it is the one that says most of the question.
func (w *composer) saying(i int, sentence string) pick {
	g := w.given[i]
	whole := g.pick(Span{0, g.span.Len()})
	if g.passage == nil {
		return whole
	}
	want := termSet(sentence)
	runes := []rune(g.text)
	best, most := Span{}, 0.0
	for s := range quotableSpans(g.passage) {
		shared := 0
		for term := range termSet(string(runes[s.Start:s.End])) {
			if want[term] {
				shared++
			}
		}
		if score := float64(shared) - float64(s.Len())*lengthCost; shared > 0 && (best == Span{} || score > most) {
			best, most = s, score
		}
	}
	if best == (Span{}) {
		for _, ranked := range w.search.ranked {
			if ranked.hit == g.hit {
				return pick{article: g.article.ID, span: ranked.span, text: ranked.text}
			}
		}
		return whole
	}
	return g.pick(best)
}

// lengthCost is how many terms a rune more of a quote has to be worth.
const lengthCost = 0.02

// quotableSpans are the spans of a passage that may be quoted.
func quotableSpans(p *Passage) func(yield func(Span) bool) {
	return func(yield func(Span) bool) {
		text := []rune(p.Text)
		for r := range runs(p, text, units(text)) {
			if r.isQuotable && !yield(r.span) {
				return
			}
		}
	}
}
