package document

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/encoding"
)

// frequent are the characters that make up about half of any modern Chinese text, simplified and
// traditional, and its punctuation.
const frequent = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事" +
	"成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知" +
	"全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先" +
	"海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市" +
	"这個們來為國說時會對後發裡過種經麼學現當沒動還進樣實開從軍無與長機問關點業將兩間應戰頭體見產話門員題電數報總變認條氣義論處聲東幾給" +
	"兒萬億歲車馬書記者市場運結構設計劃議區縣縣級黨組織領導農村萬亿岁车马书记场运构设划议区县级党组织领导农村社京省州城" +
	"，。、：；？！“”‘’（）《》「」『』　…—·"

// Character classes by how much they speak for a text being rightly decoded.
const (
	frequentWeight = 3.0
	commonWeight   = 0.5  // in the first, common level of GB 2312 or Big5, or kana or a full-width form
	asciiWeight    = 1.0  // counted only where two bytes make an ASCII character, in UTF-16
	otherWeight    = -1.0 // a letter or sign of another script
	rareWeight     = -3.0 // a Chinese character outside the common levels
	strayWeight    = -8.0 // private use, unassigned, a control character, not decodable

	// leastPlausible is the score below which a text is taken for wrongly decoded. A right one has about 1.6; one
	// of uniformly common characters .7, as Korean in EUC-KR has when it is read as Chinese.
	leastPlausible = 0.8
)

// plausibility is the mean weight of the characters of a decoded text; of the ones outside ASCII unless
// wide.
func plausibility(text string, wide bool) float64 {
	sum, n := 0.0, 0
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r >= 0x20 && r < 0x7F:
			if wide {
				sum += asciiWeight
				n++
			}
		default:
			sum += weight(r)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

func weight(r rune) float64 {
	level := levels()
	switch {
	case r < 0x20 || r == unicode.ReplacementChar || r >= 0xE000 && r < 0xF900 || !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r):
		return strayWeight
	case int(r) < len(level) && level[r] != 0:
		return weights[level[r]]
	case unicode.Is(unicode.Han, r):
		return rareWeight
	case r >= 0x3000 && r < 0x3100 || r >= 0xFF00 && r < 0xFFF0 || r >= 0x2010 && r < 0x2030:
		return commonWeight
	}
	return otherWeight
}

var weights = [...]float64{1: commonWeight, 2: frequentWeight}

// levels says of each character of the basic plane whether it is common (1) or frequent (2). The common
// levels are the standards' own: rows 16 to 55 of GB 2312, A440 to C67E of Big5.
var levels = sync.OnceValue(func() []uint8 {
	level := make([]uint8, 1<<16)
	mark := func(c encoding.Encoding, firstLead, lastLead byte) {
		for lead := int(firstLead); lead <= int(lastLead); lead++ {
			for trail := 0x40; trail <= 0xFE; trail++ {
				if c == gb18030.Encoding && trail < 0xA1 {
					continue // outside GB 2312
				}
				text, _ := c.NewDecoder().Bytes([]byte{byte(lead), byte(trail)})
				for _, r := range string(text) {
					if r != unicode.ReplacementChar && unicode.Is(unicode.Han, r) {
						level[r] = 1
					}
				}
			}
		}
	}
	mark(gb18030.Encoding, 0xB0, 0xD7)
	mark(big5.Encoding, 0xA4, 0xC6)
	for _, r := range strings.TrimSpace(frequent) {
		level[r] = 2
	}
	return level
})
