package rag

import (
	"bytes"
	"sync"
)

// prepared is what is read and reckoned of a passage whatever the question is. It is kept from one question to the
// next, and shared by those that run: nobody changes it.
type prepared struct {
	text   string
	codes  []Code
	starts []int32
	digest []byte        // of the text and the heading; '' is not to be trusted
	units  func() []Span // once
	cut    func() *cut   // once, for passages of which quotes are looked for
}

// cut is a passage as quotes are picked from it.
type cut struct {
	heading []string       // terms of what its article is called
	terms   [][]string     // and of each unit
	whole   []string       // and of its IndexText
	runs    []*preparedRun // see runs
}

// preparedRun is a run of a passage's units, with its text where that may be quoted.
type preparedRun struct {
	run
	text string

	read, counted sync.Once // what follows, where it is asked for
	says          told
	has           map[string]bool
}

func prepare(p *Passage) *prepared {
	own := *p
	own.Article = &Article{Title: p.Article.Title, Authors: p.Article.Authors, Publication: p.Article.Publication, Date: p.Article.Date, length: p.Article.length} // for its heading, and where it ends
	parts := sync.OnceValue(func() []Span { return units([]rune(own.Text)) })
	return &prepared{
		text: p.Text, codes: p.Codes, starts: p.Starts, digest: p.digest,
		units: parts, cut: sync.OnceValue(func() *cut { return cutUp(&own, parts()) }),
	}
}

func cutUp(p *Passage, parts []Span) *cut {
	text := []rune(p.Text)
	c := &cut{heading: Terms(p.Article.Heading()), whole: Terms(p.IndexText())}
	for _, u := range parts {
		c.terms = append(c.terms, Terms(string(text[u.Start:u.End])))
	}
	for r := range runs(p, text, parts) {
		q := &preparedRun{run: r}
		if r.isQuotable {
			q.text = string(text[r.span.Start:r.span.End])
		}
		c.runs = append(c.runs, q)
	}
	return c
}

func (p *Passage) cut() *cut { return p.ready().cut() }

// units are those of the passage's text, one behind the other, and leave nothing out.
func (p *Passage) units() []Span { return p.ready().units() }

// ready is made anew for a passage that no store keeps.
func (p *Passage) ready() *prepared {
	if p.prepared == nil {
		p.prepared = prepare(p)
	}
	return p.prepared
}

func (q *preparedRun) told() *told {
	q.read.Do(func() { q.says.text = foldText(q.text) })
	return &q.says
}

func (q *preparedRun) terms() map[string]bool {
	q.counted.Do(func() { q.has = termSet(q.text) })
	return q.has
}

// keptPassages is how many passages are kept prepared at least, and half of the most: of by estimate 60 KB each.
const keptPassages = 512

// passageCache keeps the passages that were used last: those of young, and of old until young is full.
type passageCache struct {
	mu         sync.Mutex
	young, old map[int64]*prepared
}

// prepare gives hits what is kept of their passages. Those of which nothing is kept are returned. A re-ingest gives
// passages new ids; digests are compared all the same, for a database may be restored from a copy.
func (c *passageCache) prepare(hits []Hit) (unknown []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range hits {
		p := &hits[i].Passage
		known := c.young[p.ID]
		if known == nil {
			known = c.old[p.ID]
		}
		if known == nil || len(p.digest) == 0 || !bytes.Equal(known.digest, p.digest) {
			unknown = append(unknown, p.ID)
			continue
		}
		c.put(p.ID, known)
		p.prepared, p.Text, p.Codes, p.Starts = known, known.text, known.codes, known.starts
	}
	return unknown
}

// add prepares a passage whose codes were read, and keeps it.
func (c *passageCache) add(p *Passage) {
	p.prepared = prepare(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(p.ID, p.prepared)
}

func (c *passageCache) put(id int64, p *prepared) {
	if len(c.young) >= keptPassages && c.young[id] == nil {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[int64]*prepared, keptPassages)
	}
	c.young[id] = p
}
