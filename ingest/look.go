package ingest

import "golang.org/x/text/width"

// look is what kinds of characters a text has. It says in one pass which rules are worth trying.
type look uint16

const (
	digits   look = 1 << iota // Arabic figures
	numerals                  // Chinese numerals
	colons
	bars
	points    // marks within and after sentences
	books     // 《 》 and round brackets
	arrows    // of menus and tables of contents
	particles // characters that running text has and names have not
	siteWords // characters that what sites print around a text has
	capitals  // Latin
	bodies    // characters that names of papers and bodies end with
	insists   // characters of what sites print in so many words
	reports   // characters of datelines and bylines in running text
)

var looks = func() (table [0x10000]look) {
	for kind, runes := range map[look]string{
		digits: "0123456789", numerals: "〇○零一二三四五六七八九十", colons: ":：", bars: "|｜", points: "，。；！？、,;!?…", books: "《》〈〉（）()",
		arrows: ">»›→▶►.．·…", particles: "的了这這着说說吗嗎呢就也很把被让讓给給从從与與但而并其她它们們您咱", siteWords: "备備权權载載图圖页頁藏线線专專话話电電办辦退订訂侵站助l",
		capitals: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", bodies: "报報刊杂雜志誌网網社研史评評论論坛壇萃摘sytedweknr",
		insists: "备帮亲第蓝码复W",
		reports: "讯訊电電记記□○●■◎◇◆",
	} {
		for _, r := range runes {
			table[r] |= kind
		}
	}
	return table
}()

// measure gives the width of a text in columns, where a Chinese character has two, and its look.
func measure(s string) (columns int, has look) {
	for _, r := range s {
		columns++
		if r < 0x10000 {
			has |= looks[r]
		}
		if r >= 0x4e00 && r <= 0x9fff {
			columns++
		} else if r >= 0x1100 {
			if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
				columns++
			}
		}
	}
	return columns, has
}

func columns(s string) int {
	n, _ := measure(s)
	return n
}

// lookOf is the look of a text.
func lookOf(s string) look {
	_, has := measure(s)
	return has
}
