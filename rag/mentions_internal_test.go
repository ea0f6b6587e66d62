package rag

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shelf is a small corpus in memory, whose names are looked up as namesQuery does.
type shelf []*Article

// onShelf makes an article of an id, a date, a publication, a title and authors.
func onShelf(id int64, date, publication, title string, authors ...string) *Article {
	return &Article{ID: id, Date: date, Publication: publication, Title: title, Authors: authors}
}

var books = shelf{
	onShelf(1, "2024-03-14", "江畔日报", "青瓦巷的灯火与炊烟", "陆知远"),
	onShelf(2, "2023-09-09", "北湖晚报", "慢车为什么还在开", "陆知远"),
	onShelf(3, "2023-09-09", "江畔日报", "老码头的第三次搬家", "林晓雪"),
	onShelf(4, "2025-03-01", "光华日报", "菜价背后的四本账", "何海亮"),
	onShelf(5, "2022-11", "求真", "雨季来临之前的河堤", "石磊"),
	onShelf(6, "2024", "云岭周刊", "牧场笔记", "高原"),
	onShelf(7, "2024-03-05", "江畔日报", "把路修到门口去", "本报评论员"),
	onShelf(8, "", "学苑论坛", "石桥不老——古桥新说", "欧阳若兰"),
	onShelf(9, "2023-05-20", "南坡日报", "夜校里的三代人", "董明川", "柳依依"),
	onShelf(10, "2024-03-01", "人民日报", "小镇书店的下午", "周婉清"),
	onShelf(11, "2021-06-30", "光华日报", "渡口停航以后的人们", "司马青岚"),
}

// find is what namesQuery gives.
func (s shelf) find(l *lookups) (found []foundName, dates []string) {
	type key struct {
		kind nameKind
		name string
	}
	names := map[key]*foundName{}
	for _, a := range s {
		had := map[key]bool{}
		for _, n := range namesOf(a) {
			k := key{n.kind, n.name}
			if had[k] || !has(l.names, n.name) && !has(l.sounds, n.sound) {
				continue
			}
			had[k] = true
			if names[k] == nil {
				names[k] = &foundName{Kind: n.kind, Name: n.name, Shown: n.shown}
			}
			f := names[k]
			f.Articles, f.Dates, f.Publications = append(f.Articles, a.ID), append(f.Dates, a.Date), append(f.Publications, a.Publication)
		}
		for _, pattern := range l.datePatterns() {
			like := strings.NewReplacer("_", ".", "%", ".*").Replace(pattern)
			if regexp.MustCompile("^" + like + "$").MatchString(a.Date) {
				dates = append(dates, a.Date)
			}
		}
	}
	for _, f := range names {
		found = append(found, *f)
	}
	slices.SortFunc(found, func(a, b foundName) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	slices.Sort(dates)
	return found, slices.Compact(dates)
}

func has(spellings []spelling, text string) bool {
	return slices.ContainsFunc(spellings, func(s spelling) bool { return s.text == text })
}

func (s shelf) mentions(question string) []Mention {
	l := newLookups(question)
	found, dates := s.find(l)
	return readMentions(l, found, dates)
}

// described are mentions in words, in a fixed order.
func described(all []Mention) []string {
	words := []string{}
	for _, m := range all {
		words = append(words, m.Filter.Describe(true))
	}
	slices.Sort(words)
	return words
}

func TestQuestionsThatNameArticles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, question string
		want           []string
		articles       []int64 // of all mentions
	}{
		{"an author with a text", "陆知远的文章讲了什么？", []string{"作者 陆知远"}, []int64{1, 2}},
		{"an author who wrote", "陆知远写的慢车为什么没有停？", []string{"作者 陆知远"}, []int64{1, 2}},
		{"an author who says", "陆知远怎么看慢车？", []string{"作者 陆知远"}, []int64{1, 2}},
		{"the author named as such", "作者何海亮认为菜价由什么决定？", []string{"作者 何海亮"}, []int64{4}},
		{"the view of an author", "按照何海亮的说法，四本账是哪四本？", []string{"作者 何海亮"}, []int64{4}},
		{"who an author is", "欧阳若兰是什么身份？", []string{"作者 欧阳若兰"}, []int64{8}},
		{"an author who sounds alike", "何海量写的那篇谈了什么？", []string{"作者 何海亮"}, []int64{4}},
		{"an author with a character that looks alike", "林晓霜写的码头怎样了？", []string{"作者 林晓雪"}, []int64{3}},
		{"two authors", "陆知远和何海亮都讲到了什么？", []string{"作者 何海亮", "作者 陆知远"}, []int64{1, 2, 4}},
		{"three authors", "陆知远、何海亮和林晓雪分别怎么说？", []string{"作者 何海亮", "作者 林晓雪", "作者 陆知远"}, []int64{1, 2, 3, 4}},
		{"the first author and the second of one text", "柳依依和董明川写的夜校在哪里？", []string{"作者 柳依依", "作者 董明川"}, []int64{9}},
		{"a short name with a text", "石磊写的河堤有多高？", []string{"作者 石磊"}, []int64{5}},
		{"a name that is a word, with a text", "高原写的牧场在哪里？", []string{"作者 高原"}, []int64{6}},
		{"an author with two characters of a family name", "司马青岚写的渡口是哪个？", []string{"作者 司马青岚"}, []int64{11}},
		{"such an author who says", "司马青岚认为停航以后怎么办？", []string{"作者 司马青岚"}, []int64{11}},
		{"an author that is an office", "本报评论员文章怎么谈修路？", []string{"作者 本报评论员"}, []int64{7}},
		{"a title of respect", "何海亮老师提了哪些建议？", []string{"作者 何海亮"}, []int64{4}},
		{"an author in the middle", "关于慢车，陆知远提出了哪些理由？", []string{"作者 陆知远"}, []int64{1, 2}},

		{"a paper and a day", "江畔日报9月9日那篇讲了什么？", []string{"《江畔日报》；2023-09-09"}, []int64{3}},
		{"a paper and a day in Chinese numbers", "江畔日报九月九日那篇讲了什么？", []string{"《江畔日报》；2023-09-09"}, []int64{3}},
		{"a paper with a wrong character and a day", "江畔曰报3月14号讲的巷子在哪？", []string{"《江畔日报》；2024-03-14"}, []int64{1}},
		{"a paper in title marks", "《北湖晚报》那篇讲慢车的是谁写的？", []string{"《北湖晚报》"}, []int64{2}},
		{"a paper and a full date", "光华日报2025年3月1日刊登的文章算了哪几本账？", []string{"《光华日报》；2025-03-01"}, []int64{4}},
		{"a full date before a paper", "2025年3月1日光华日报那篇算了哪几本账？", []string{"《光华日报》；2025-03-01"}, []int64{4}},
		{"a paper, a date with hyphens", "光华日报2025-03-01那篇讲什么？", []string{"《光华日报》；2025-03-01"}, []int64{4}},
		{"a magazine of two characters", "《求真》杂志怎么讲河堤？", []string{"《求真》"}, []int64{5}},
		{"a paper and an author", "江畔日报林晓雪那篇写了什么？", []string{"作者 林晓雪；《江畔日报》"}, []int64{3}},
		{"a paper of which there is no such day", "北湖晚报7月1日那篇讲了什么？", []string{"《北湖晚报》"}, []int64{2}},
		{"two papers", "江畔日报和北湖晚报的报道有什么不同？", []string{"《北湖晚报》", "《江畔日报》"}, []int64{1, 2, 3, 7}},
		{"a paper that ends with a kind of text", "学苑论坛那篇怎么讲古桥？", []string{"《学苑论坛》"}, []int64{8}},
		{"two days of a paper", "江畔日报3月5日和3月14日的文章各讲什么？", []string{"《江畔日报》；2024-03-05", "《江畔日报》；2024-03-14"}, []int64{1, 7}},

		{"a title with this text", "《慢车为什么还在开》这篇的结论是什么？", []string{"标题《慢车为什么还在开》"}, []int64{2}},
		{"a title in quotation marks", "“青瓦巷的灯火与炊烟”一文写了谁？", []string{"标题《青瓦巷的灯火与炊烟》"}, []int64{1}},
		{"a title in corner marks", "「老码头的第三次搬家」里码头搬到了哪里？", []string{"标题《老码头的第三次搬家》"}, []int64{3}},
		{"a short title with this text", "《牧场笔记》这篇写了哪些草？", []string{"标题《牧场笔记》"}, []int64{6}},
		{"the second line of a title", "《古桥新说》一文怎么看石桥？", []string{"标题《古桥新说》"}, []int64{8}},
		{"a title with other punctuation", "《石桥不老：古桥新说》说桥多少岁？", []string{"标题《石桥不老——古桥新说》"}, []int64{8}},
		{"a title behind its paper", "光华日报《菜价背后的四本账》算了什么？", []string{"《光华日报》；标题《菜价背后的四本账》"}, []int64{4}},
		{"a title behind its author", "陆知远的《慢车为什么还在开》举了什么例子？", []string{"作者 陆知远；标题《慢车为什么还在开》"}, []int64{2}},

		{"texts since a year", "2024年以后的文章有哪些提到巷子？", []string{"2024 起"}, nil},
		{"texts until a year", "2022年以前的文章有哪些？", []string{"2022 止"}, nil},
		{"texts of a month", "2023年9月的报道讲了什么？", []string{"2023-09"}, nil},
		{"texts of a day", "3月14日登的那篇讲了什么？", []string{"2024-03-14"}, nil},
		{"texts of a day of two years' months", "2023年5月20日发表的文章讲了谁？", []string{"2023-05-20"}, nil},
		{"a range of years", "2023年到2024年的文章有哪些？", []string{"2023 至 2024"}, nil},
		{"since, which nothing fits", "2031年以后的文章有哪些？", []string{"2031 起"}, nil},

		{"a paper with its year and month behind it", "江畔日报2024年3月的文章讲了什么？", []string{"《江畔日报》；2024-03"}, []int64{1, 7}},
		{"a year before a paper with a text", "2024年江畔日报的文章有哪些？", []string{"《江畔日报》；2024"}, []int64{1, 7}},
		{"a year before an author with a text", "2023年陆知远写的那篇讲什么？", []string{"作者 陆知远；2023"}, []int64{2}},
		{"a year behind an author with a text", "陆知远2023年写的那篇讲什么？", []string{"作者 陆知远；2023"}, []int64{2}},
		{"a month of a paper", "2024年3月的江畔日报讲了什么？", []string{"《江畔日报》；2024-03"}, []int64{1, 7}},
		{"reprinted words in title marks and a day", "据《江畔日报》3月14日报道，巷子有多长？", []string{"《江畔日报》；2024-03-14"}, []int64{1}},
		{"a short name behind a word with a family name's character", "本周石磊写的河堤有多高？", []string{"作者 石磊"}, []int64{5}},
		{"about what an author holds", "谈谈关于何海亮的观点", []string{"作者 何海亮"}, []int64{4}},
		{"to be told of an author's text", "讲讲陆知远的文章", []string{"作者 陆知远"}, []int64{1, 2}},
		{"a magazine and a month", "求真杂志2022年11月那篇讲什么？", []string{"《求真》；2022-11"}, []int64{5}},
		{"a year in Chinese digits", "二〇二四年三月的报道讲了什么？", []string{"2024-03"}, nil},
		{"a year with another zero", "二零二三年的文章有哪些？", []string{"2023"}, nil},
		{"full-width digits", "２０２４年３月１４日江畔日报那篇讲了什么？", []string{"《江畔日报》；2024-03-14"}, []int64{1}},
		{"blanks in a date", "江畔日报 3 月 14 日 那篇讲了什么？", []string{"《江畔日报》；2024-03-14"}, []int64{1}},
		{"a year of two digits", "24年3月的报道讲了什么？", []string{"2024-03"}, nil},
		{"a month without a year that two years have", "三月的报道讲了什么？", []string{"2024-03", "2025-03"}, nil},
		{"months of a range", "2023年5月至9月的文章有哪些？", []string{"2023-05 至 2023-09"}, nil},
		{"texts from a year on", "2024年起发表的文章有哪些？", []string{"2024 起"}, nil},
		{"titles side by side", "《把路修到门口去》《小镇书店的下午》两篇有什么共同点？", []string{"标题《小镇书店的下午》", "标题《把路修到门口去》"}, []int64{7, 10}},
		{"two titles with a joint", "《把路修到门口去》和《小镇书店的下午》这两篇写了谁？", []string{"标题《小镇书店的下午》", "标题《把路修到门口去》"}, []int64{7, 10}},
		{"a long title without marks", "青瓦巷的灯火与炊烟这篇文章写了谁？", []string{"标题《青瓦巷的灯火与炊烟》"}, []int64{1}},
		{"the second of two is misspelt", "陆知远跟林晓霜谁说得对？", []string{"作者 林晓雪", "作者 陆知远"}, []int64{1, 2, 3}},
		{"the second of two sounds alike", "陆知远和何海量都讲到了什么？", []string{"作者 何海亮", "作者 陆知远"}, []int64{1, 2, 4}},
		{"two authors to compare", "比较陆知远和何海亮的观点", []string{"作者 何海亮", "作者 陆知远"}, []int64{1, 2, 4}},
		{"what a paper's leading article says", "光华日报社论怎么说？", []string{"《光华日报》"}, []int64{4, 11}},
		{"a short name that sounds alike, with a text", "石雷写的河堤有多高？", []string{"作者 石磊"}, []int64{5}},
		{"traditional characters", "陸知遠寫的文章講了什麼？", []string{"作者 陆知远"}, []int64{1, 2}},
		{"about an author's text", "关于高原写的牧场，有什么说法？", []string{"作者 高原"}, []int64{6}},
		{"English: two authors", "Compare Lu Zhiyuan and He Hailiang", []string{"作者 何海亮", "作者 陆知远"}, []int64{1, 2, 4}},
		{"English: a day before a paper", "What is the March 1 People's Daily article about?", []string{"《人民日报》；2024-03-01"}, []int64{10}},
		{"English: a family name of two syllables", "What does Sima Qinglan say?", []string{"作者 司马青岚"}, []int64{11}},
		{"English: a month", "Which articles published in September 2023 mention trains?", []string{"2023-09"}, nil},
		{"English: a range", "List articles from 2023 to 2024", []string{"2023 至 2024"}, nil},
		{"English: an author says", "What does Lu Zhiyuan say about slow trains?", []string{"作者 陆知远"}, []int64{1, 2}},
		{"English: the family name last", "Zhiyuan Lu writes about slow trains; why?", []string{"作者 陆知远"}, []int64{1, 2}},
		{"English: by an author", "Which article by He Hailiang is about prices?", []string{"作者 何海亮"}, []int64{4}},
		{"English: a paper and a day", "What did People's Daily on March 1 report?", []string{"《人民日报》；2024-03-01"}, []int64{10}},
		{"English: an author's possessive", "What is Lin Xiaoxue's article about?", []string{"作者 林晓雪"}, []int64{3}},
		{"English: articles since", "Which articles since 2024 mention bookshops?", []string{"2024 起"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mentions := books.mentions(c.question)
			if have := described(mentions); !slices.Equal(have, c.want) {
				t.Errorf("%s\n have %q\n want %q", c.question, have, c.want)
			}
			if have := articlesOf(mentions); !slices.Equal(have, c.articles) {
				t.Errorf("%s: articles %v, want %v", c.question, have, c.articles)
			}
		})
	}
}

func articlesOf(mentions []Mention) []int64 {
	ids := map[int64]bool{}
	for _, m := range mentions {
		for _, id := range m.Articles {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func TestQuestionsThatNameNoArticle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, question string }{
		{"the day of an event", "3月5日去了哪里？"},
		{"the day on which something happened", "9月9日那天码头发生了什么？"},
		{"a full date of an event", "2024年3月14日巷子里亮了几盏灯？"},
		{"the year of an event", "2024年全国两会提出了什么目标？"},
		{"the month of an event", "2023年9月渡口为什么停航？"},
		{"since when something is in force", "2024年以后的物价怎么样？"},
		{"before which year", "2022年以前的河堤有多高？"},
		{"what has been since a year", "2023年以来修了多少公里路？"},
		{"a range of years of what is told", "2023年到2024年人口增加了多少？"},
		{"a year's plan", "2024年工作报告怎么说？"},
		{"a year's goal with a month", "2024年3月的目标是多少？"},
		{"a number that looks like a year", "一共栽了2024棵树吗？"},
		{"a number of pages", "第2023页写了什么？"},
		{"a dotted number", "版本2024.3.14改了什么？"},
		{"a day of no year that no text has", "8月15日有什么活动？"},
		{"months as a length of time", "修这条路用了9个月吗？"},
		{"a festival's date", "五月五日为什么吃粽子？"},
		{"a date in a name", "“九月九日”这首诗是谁写的？"},
		{"a decade", "上世纪90年代的慢车是什么样？"},
		{"a year of the future", "到2035年要建成多少公里？"},

		{"a name that is a word: a place", "高原上的牧场有多少头牛？"},
		{"a name that is a word: in a longer word", "青藏高原的平均海拔是多少？"},
		{"a name that is a word: with a possessive", "高原的气候有什么特点？"},
		{"a short name in a longer word", "石磊桥有多长？"},
		{"a short name that sounds alike", "实力怎么提高？"},
		{"a short name by sound that is a word", "时雷是谁？"},
		{"a magazine of two characters that is a word", "求真务实是什么意思？"},
		{"a magazine's word in the middle", "科学家为什么要求真？"},
		{"a word that sounds like the magazine", "球阵怎么摆？"},
		{"a paper's publisher", "江畔日报社在哪条街上？"},
		{"another paper of the same place", "江畔晚报什么时候停刊？"},
		{"another paper that differs in a character", "江岸日报那篇讲了什么？"},
		{"a short title that is a common word in marks", "“牧场笔记”是哪种草的名字？"},
		{"a title without marks as a subject", "慢车为什么还在开？"},
		{"a title's second line as a subject", "古桥新说了些什么？"},
		{"a name within a title in marks", "《陆知远传》讲了谁的一生？"},
		{"a name within a quotation", "“跟着陆知远走一走”是什么活动？"},
		{"another title in marks", "《红楼梦》后四十回的作者是谁？"},
		{"a person who is no author", "赵大河认为桥该怎么修？"},
		{"a person who differs in one plain character", "陆知行写的那篇讲了什么？"},
		{"a person who differs in the family name", "王海亮去了哪里？"},
		{"a word that sounds like an author, spoken of", "那条河海量的鱼从哪里来？"},
		{"an office that is no author here", "评论员是怎么选出来的？"},
		{"a newsroom's office spoken of", "本报评论员队伍有多少人？"},
		{"the day of a speech", "9月9日发表的讲话说了什么？"},
		{"the year of a declaration", "2024年发表的声明有哪几条？"},
		{"a report that is no newspaper's", "2023年9月的报告有多少页？"},
		{"two months that make no twelve", "十三月报道了什么？"},
		{"a year in Chinese digits, of an event", "二〇二四年三月修了什么路？"},
		{"a short name in a longer one", "王石磊写的信寄给了谁？"},
		{"a word in a person's name", "张高原写的文章在哪里？"},
		{"from a place", "从高原写的信寄到哪里？"},
		{"to a place", "专家向高原提出了什么建议？"},
		{"an author's life", "何海亮是哪年出生的？"},
		{"an author's school", "何海亮毕业于哪所学校？"},
		{"a bridge with an author's name", "陆知远大桥有多长？"},
		{"a forum that is an event", "学苑论坛在哪里举行？"},
		{"a paper's circulation", "江畔日报的发行量是多少？"},
		{"a paper's beginning", "江畔日报创刊于哪年？"},
		{"a paper that differs in a place", "北坡日报那篇讲了什么？"},
		{"a report on a person", "关于何海亮的报道有哪些？"},
		{"a text on a person", "介绍陆知远的那篇是谁写的？"},
		{"a text on a place", "写高原的那篇是谁写的？"},
		{"texts on a place", "报道高原的文章有哪些？"},
		{"a year in a title", "《2024年的报道》是什么？"},
		{"a bound in a quotation", "“2024年以后的文章”是什么意思？"},
		{"a common question", "修天眼总共花了多少钱？"},
		{"English: the day of an event", "Where did the boat go on March 5?"},
		{"English: a year of an event", "What was decided in 2024?"},
		{"English: since a year", "How many roads were built since 2024?"},
		{"English: a capital at the beginning", "Can Shi measure the dam?"},
		{"English: the word may", "The bridge may 5 times be repaired, why?"},
		{"nothing but marks", "《》“”？"},
		{"white space", "  \n\t "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if have := books.mentions(c.question); len(have) > 0 {
				t.Errorf("%s: %q", c.question, described(have))
			}
		})
	}
}

func TestMentionsSayHowSureTheyAre(t *testing.T) {
	t.Parallel()
	type sure struct{ Guessed, Undated, Shared bool }
	for _, c := range []struct {
		name, question string
		want           sure
		text           string
	}{
		{"as the store spells it", "陆知远写的慢车为什么没有停？", sure{}, "陆知远"},
		{"guessed by its sound", "何海量写的那篇谈了什么？", sure{Guessed: true}, "何海量"},
		{"guessed by a gap", "江畔曰报3月14号讲的巷子在哪？", sure{Guessed: true}, "江畔曰报3月14号"},
		{"a date that no article has", "北湖晚报7月1日那篇讲了什么？", sure{Undated: true}, "北湖晚报7月1日"},
		{"beside something else", "何海亮和那份报告分别怎么说？", sure{Shared: true}, "何海亮"},
		{"behind something else", "那份报告和何海亮的说法有何不同？", sure{Shared: true}, "何海亮"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := books.mentions(c.question)
			if len(all) != 1 {
				t.Fatalf("%s: %d mentions: %q", c.question, len(all), described(all))
			}
			m := all[0]
			if have := (sure{m.Guessed, m.Undated, m.Shared}); have != c.want || m.Text != c.text {
				t.Errorf("%s: %+v %q, want %+v %q", c.question, have, m.Text, c.want, c.text)
			}
		})
	}
}

func FuzzMentions(f *testing.F) {
	for _, question := range []string{
		"陆知远和何海亮都讲到了什么？", "江畔曰报3月14号讲的", "《牧场笔记》这篇", "2024年以后的文章", "What does Lu Zhiyuan say, People's Daily on March 1?",
		"\xff\xfe《", "“”「」", "十十十月十十日", "99年13月", "2024-02-30", "O’Neill's–Li", "𠀀𠀁𠀂", "İ’s", strings.Repeat("石磊写的、", 200),
	} {
		f.Add(question)
	}
	f.Fuzz(func(t *testing.T, question string) {
		runes := []rune(question)
		for _, m := range books.mentions(question) {
			if m.Span.Start < 0 || m.Span.Start >= m.Span.End || m.Span.End > len(runes) {
				t.Fatalf("%q: %+v of %d", question, m.Span, len(runes))
			}
			if text := string(runes[m.Span.Start:m.Span.End]); text != m.Text {
				t.Errorf("%q: %q, and the span has %q", question, m.Text, text)
			}
			if err := m.Filter.Check(); err != nil || m.Filter.IsZero() {
				t.Errorf("%q: filter %+v: %v", question, m.Filter, err)
			}
			if !slices.IsSorted(m.Articles) {
				t.Errorf("%q: %v", question, m.Articles)
			}
		}
	})
}
