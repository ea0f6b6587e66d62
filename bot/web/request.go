package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/rag"
)

// fields are what a request says, a part of its body or its query, taken one by one. What cannot be taken is kept as an
// error with its place, and so is, at the end, what nobody took.
type fields struct {
	lang bot.Lang
	at   string // "body." or "query." or a part of the body
	left map[string]json.RawMessage
	errs *[]FieldError
}

// body reads a request's JSON, one object. Errors are *Problem, or of the connection.
func (s server) body(r *http.Request) (fields, error) {
	lang := s.lang(r)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fields{}, fault(http.StatusUnsupportedMediaType, lang.Say("正文须是 JSON：Content-Type: application/json。", "The body has to be JSON: Content-Type: application/json."))
	}
	text, err := s.readBody(r)
	if err != nil {
		return fields{}, err
	}
	f := fields{lang: lang, at: "body.", errs: &[]FieldError{}}
	if !json.Valid(text) {
		return f, fault(http.StatusBadRequest, lang.Say("正文不是 JSON。", "The body is not JSON."))
	}
	if json.Unmarshal(text, &f.left) != nil || f.left == nil {
		message := lang.Say("正文应是一个 JSON 对象。", "The body should be a JSON object.")
		return f, fault(http.StatusUnprocessableEntity, message, FieldError{"body", message})
	}
	return f, nil
}

// readBody reads a body whole, as it is: one that is packed is none of ours. Errors are *http.MaxBytesError and *Problem.
func (s server) readBody(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(r.Body)
	if large := (*http.MaxBytesError)(nil); err != nil && !errors.As(err, &large) {
		err = fault(http.StatusBadRequest, s.lang(r).Say("正文没有送完。", "The body did not come to its end."))
	}
	if coding := r.Header.Get("Content-Encoding"); err == nil && len(text) > 0 && coding != "" && !strings.EqualFold(coding, "identity") {
		err = fault(http.StatusUnsupportedMediaType, s.lang(r).Say("不收压缩过的正文：不要用 Content-Encoding。", "A packed body is not taken: send it without Content-Encoding."))
	}
	return text, err
}

// query reads a request's query: each name once.
func (s server) query(r *http.Request) (fields, error) {
	lang := s.lang(r)
	f := fields{lang: lang, at: "query.", left: map[string]json.RawMessage{}, errs: &[]FieldError{}}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return f, fault(http.StatusBadRequest, lang.Say("网址中 ? 后面的部分写得不对。", "What stands behind the ? is not well formed."))
	}
	for name, all := range values {
		if len(all) > 1 {
			f.add(name, lang.Say("只能给一次", "it may be given once"))
		}
		f.left[name] = mustJSON(all[0])
	}
	return f, nil
}

// noQuery refuses a query where none is read.
func (s server) noQuery(r *http.Request) error {
	f, err := s.query(r)
	if err != nil {
		return err
	}
	return f.done()
}

func mustJSON(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string has JSON
	}
	return raw
}

func (f fields) add(name, message string) {
	*f.errs = append(*f.errs, FieldError{f.at + name, message})
}

// take reads a field into v. It says whether there was one: null is none.
func (f fields) take(name, want string, v any) bool {
	raw, ok := f.left[name]
	delete(f.left, name)
	if !ok || string(raw) == "null" {
		return false
	}
	if json.Unmarshal(raw, v) != nil {
		f.add(name, want)
		return false
	}
	return true
}

func (f fields) text(name string) (v string) {
	f.take(name, f.lang.Say("应是文字", "want a string"), &v)
	return v
}

func (f fields) flag(name string) (v bool) {
	f.take(name, f.lang.Say("应是 true 或 false", "want true or false"), &v)
	return v
}

// need notes that a field is not there, or null, unless it is.
func (f fields) need(name string) {
	if raw, ok := f.left[name]; !ok || string(raw) == "null" {
		delete(f.left, name)
		f.add(name, f.lang.Say("必须给出", "it is required"))
	}
}

// number reads a whole number of a query.
func (f fields) number(name string, least, most, otherwise int) int {
	var v string
	if !f.take(name, "", &v) {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most || strconv.Itoa(n) != v {
		f.add(name, f.lang.Say("应是整数：", "want a whole number: ")+strconv.Itoa(least)+"–"+strconv.Itoa(most))
	}
	return n
}

// within are the fields of an object in the body; none where it is not there.
func (f fields) within(name string) fields {
	inner := fields{lang: f.lang, at: f.at + name + ".", errs: f.errs}
	f.take(name, f.lang.Say("应是对象", "want an object"), &inner.left)
	return inner
}

func (f fields) filter() rag.Filter {
	return rag.Filter{
		Author: f.text("author"), Publication: f.text("publication"), Title: f.text("title"), File: f.text("file"), From: f.text("from"), To: f.text("to"),
	}
}

// done is what could not be taken, as a *Problem, or nil. Fields that nobody took are not known.
func (f fields) done(more ...fields) error {
	for _, part := range append(more, f) {
		for name := range part.left {
			part.add(name, f.lang.Say("不认识这个字段", "it is not known"))
		}
	}
	if len(*f.errs) == 0 {
		return nil
	}
	return fault(http.StatusUnprocessableEntity, f.lang.Say("请求中有不能用的内容。", "Something in the request cannot be taken."), *f.errs...)
}
