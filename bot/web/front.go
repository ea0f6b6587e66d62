package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"yinju/bot"
	"yinju/rag"
)

//go:embed page
var frontFiles embed.FS

// frontPolicy allows the page its own scripts, style, pictures and API, and nothing of other hosts.
const frontPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// front is the page on which people ask and read: itself by language, and the files that it loads by name.
type front struct {
	pages map[bot.Lang]asset
	files map[string]asset
}

// asset is a file as it is sent. Its tag changes with its bytes, so that a browser that asks by it gets what is new.
type asset struct {
	kind         string
	body, packed []byte // plain, and with gzip
	tag          string
}

var theFront = newFront()

// newFront panics where the program's own files are wrong, as regexp.MustCompile does.
func newFront() front {
	f := front{pages: map[bot.Lang]asset{}, files: map[string]asset{}}
	entries, err := frontFiles.ReadDir("page")
	if err != nil {
		panic(err)
	}
	var modules []string
	for _, e := range entries {
		body, err := fs.ReadFile(frontFiles, "page/"+e.Name())
		if err != nil {
			panic(err)
		}
		f.files[e.Name()] = newAsset(e.Name(), body)
		if path.Ext(e.Name()) == ".js" && e.Name() != "app.js" {
			modules = append(modules, e.Name())
		}
	}
	source := template.Must(template.New("").Parse(string(f.files["index.html"].body)))
	delete(f.files, "index.html")
	for _, lang := range []bot.Lang{bot.Chinese, bot.English} {
		var b bytes.Buffer
		if err := source.Execute(&b, frontView{head{lang}, modules}); err != nil {
			panic(err)
		}
		f.pages[lang] = newAsset("index.html", b.Bytes())
	}
	return f
}

// frontView is what the page is made of. Modules are loaded at once, and not one after another as they name each other.
type frontView struct {
	head
	Modules []string
}

// MaxQuestion is the longest question taken, in characters.
func (frontView) MaxQuestion() int { return rag.MaxQuestion }

func newAsset(name string, body []byte) asset {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body) // a buffer takes all
	_ = w.Close()
	sum := sha256.Sum256(body)
	return asset{kind: kindOf(name), body: body, packed: b.Bytes(), tag: hex.EncodeToString(sum[:12])}
}

// kindOf does not ask the machine, which may have kinds of its own for these names.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	panic("the page has a file of no known kind: " + name)
}

// frontPage is the page, in the browser's language.
func (s server) frontPage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", frontPolicy)
	h.Add("Vary", "Accept-Language")
	theFront.pages[s.lang(r)].send(w, r)
}

// frontFile is one of the files that the page loads.
func (s server) frontFile(w http.ResponseWriter, r *http.Request) {
	a, ok := theFront.files[r.PathValue("file")]
	if !ok {
		s.problem(w, r, fault(http.StatusNotFound, s.lang(r).Say("没有这个地址。", "There is no such path.")))
		return
	}
	a.send(w, r)
}

// send sends the file, or says that the browser has it.
func (a asset) send(w http.ResponseWriter, r *http.Request) {
	body, tag := a.body, `"`+a.tag+`"`
	h := w.Header()
	if takesGzip(r) {
		body, tag = a.packed, `"`+a.tag+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("Etag", tag)
	h.Set("Cache-Control", "no-cache") // asked for every time, and sent only where it has changed
	if has(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may be gone
	}
}

// takesGzip reads Accept-Encoding as far as browsers use it: a coding that is refused has q=0.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, parameters, err := mime.ParseMediaType(strings.TrimSpace(coding))
		if err == nil && name == "gzip" {
			return strings.Trim(parameters["q"], "0.") != "" || parameters["q"] == ""
		}
	}
	return false
}

// has looks for a tag in a list of If-None-Match. A proxy that packs may have made it a weak one.
func has(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(strings.TrimSpace(t), "W/") == tag {
			return true
		}
	}
	return false
}
