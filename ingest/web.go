package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/sync/errgroup"
)

// Limits of a web folder.
const (
	webDepth   = 16          // folders within each other
	webFolders = 20_000      // in all
	webPage    = 32 << 20    // bytes of a page that lists a folder
	webAtOnce  = 8           // requests
	webFaults  = 20          // files or folders in a row of which nothing can be told, though they may be there
	webJumps   = 5           // redirects
	webAgain   = time.Second // until a page that failed is asked for once more
)

// web is a folder that a web server lists: pages of links, as nginx, Apache, Caddy and Python's http.server make them.
type web struct {
	root   *url.URL // ends with a slash
	client *http.Client
	settle time.Duration // see Local
}

// webTransport keeps as many connections as are used at once.
var webTransport = func() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = webAtOnce
	return t
}()

var (
	errWebAddress = errors.New("want http(s)://HOST/FOLDER/ without user, query and fragment")
	errWebNoList  = errors.New("this is no page that lists a folder")
)

// Where a server leads from the address of a file.
var (
	ErrLeaves    = errors.New("that is out of the folder")
	ErrOtherName = errors.New("that is another name")
)

func openWeb(address string, settle time.Duration) (Corpus, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("CORPUS_DIR: %w", errWebAddress) // which may hold a password, and is not repeated
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	w := &web{root: u, settle: settle}
	w.client = &http.Client{Transport: webTransport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > webJumps || r.URL.Scheme != u.Scheme || r.URL.Host != u.Host || !strings.HasPrefix(r.URL.Path, u.Path) {
			return leads(via[0].URL, r.URL, ErrLeaves)
		}
		return nil
	}}
	return remote{u.String(), w}, nil
}

// address is where a name leads.
func (w *web) address(name string) string {
	u := *w.root
	u.Path, u.RawPath = u.Path+name, ""
	return u.String()
}

// leads says that an address leads elsewhere. What stands behind a "?" may be a key, and is not repeated.
func leads(from, to *url.URL, why error) error {
	bare := *to
	bare.User, bare.RawQuery, bare.Fragment = nil, "", ""
	return &FileError{fmt.Errorf("%s leads to %s: %w", from, &bare, why)}
}

// webError is a response that is no file.
type webError struct {
	address string
	status  int
}

func (e *webError) Error() string {
	return fmt.Sprintf("%s: the server says %d %s", e.address, e.status, http.StatusText(e.status))
}

// get asks for an address. The caller closes the body. What is not there, or is elsewhere, and will be so by itself, is a *FileError.
func (w *web) get(ctx context.Context, method, address string) (*http.Response, error) {
	ctx, alive, stop := untilStalled(ctx, networkWait)
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		stop()
		return nil, err
	}
	r.Header.Set("User-Agent", "yinju")
	r.Header.Set("Accept-Encoding", "identity") // its tag and length are the file's
	response, err := w.client.Do(r)
	if err != nil {
		stop()
		if own := (*FileError)(nil); errors.As(err, &own) {
			return nil, own // without the address around it, which may hold a key
		}
		return nil, err
	}
	response.Body = newPatient(ctx, response.Body, alive, stop)
	at := response.Request.URL
	if response.StatusCode == http.StatusOK && at.Path == r.URL.Path {
		return response, nil
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil, leads(r.URL, at, ErrOtherName) // what came would be cited as what was asked for
	}
	err = &webError{address, response.StatusCode}
	switch response.StatusCode {
	case http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnauthorized:
		err = &FileError{err}
	}
	return nil, err
}

// survey is one look over a web folder.
type survey struct {
	*web

	mu     sync.Mutex // guards what follows
	failed []Failure
	inARow int // faults that are the server's
}

// list reads the pages of the folder and of those below, and asks for the version of each file. Folders and files of which
// nothing can be told are in failed: what is not seen need not be gone. The folder itself has to be read.
func (w *web) list(ctx context.Context, wanted func(string) bool) ([]object, []Failure, error) {
	s := survey{web: w}
	seen := map[string]bool{"": true}
	level, names := []string{""}, []string{}
	for depth := 0; len(level) > 0; depth++ {
		if depth == webDepth || len(seen)-len(names) > webFolders || len(names) > remoteFiles {
			return nil, nil, fmt.Errorf("list %s: %w", w.root, errRemoteLimit)
		}
		found, err := s.pages(ctx, level)
		if err != nil {
			return nil, nil, fmt.Errorf("list %s: %w", w.root, err)
		}
		level = nil
		for _, name := range found {
			if seen[name] || isHidden(name) {
				continue
			}
			seen[name] = true
			if strings.HasSuffix(name, "/") {
				level = append(level, name)
			} else if wanted(name) {
				names = append(names, name)
			}
		}
	}
	all, err := s.versions(ctx, names)
	if err != nil {
		return nil, nil, fmt.Errorf("list %s: %w", w.root, err)
	}
	return all, s.failed, nil
}

// count notes whether a name could be looked at. What fails for no fault of its own, many times in a row, is the server's: its
// error is given back.
func (s *survey) count(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.inARow = 0
	case !isOwn(err):
		s.inARow++
	}
	if s.inARow >= webFaults {
		return err
	}
	return nil
}

func (s *survey) fail(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, Failure{Path: escaped(strings.TrimSuffix(name, "/")), Err: err})
}

// isOwn says whether an error is a file's or folder's own, and will not pass by itself.
func isOwn(err error) bool {
	_, ok := errors.AsType[*FileError](err)
	return ok
}

// pages are the names that the pages of several folders have. An error means that going on makes no sense.
func (s *survey) pages(ctx context.Context, folders []string) ([]string, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(webAtOnce)
	found := make([][]string, len(folders))
	for i, folder := range folders {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			names, err := s.page(ctx, folder)
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil && folder == "":
				return err
			case err != nil:
				s.fail(folder, err)
			default:
				found[i] = names
			}
			return s.count(err)
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// page is links, asked for once more where the first fault may have passed: all that is below depends on it.
func (w *web) page(ctx context.Context, folder string) ([]string, error) {
	names, err := w.links(ctx, folder)
	if err == nil || isOwn(err) {
		return names, err
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(webAgain):
		return w.links(ctx, folder)
	}
}

// links are the names, from the root, of the files and folders right below a folder to which its page has links. Those of
// folders end with a slash. Links that sort the list, or lead elsewhere, are none.
func (w *web) links(ctx context.Context, folder string) ([]string, error) {
	address := w.address(folder)
	response, err := w.get(ctx, http.MethodGet, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind != "text/html" && kind != "application/xhtml+xml" {
		return nil, &FileError{fmt.Errorf("%s: %w", address, errWebNoList)}
	}
	base, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	var all []string
	page := html.NewTokenizer(http.MaxBytesReader(nil, response.Body, webPage)) // a page that was cut would be missing files
	for {
		kind := page.Next()
		if kind == html.ErrorToken {
			return all, faultOf(page.Err(), address)
		}
		if kind != html.StartTagToken {
			continue
		}
		if name := below(base, hrefOf(page)); name != "" {
			all = append(all, folder+name)
		}
	}
}

// faultOf is what kept a page from being read to its end: nil where it was.
func faultOf(err error, address string) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	err = fmt.Errorf("read %s: %w", address, err)
	if _, isLarge := errors.AsType[*http.MaxBytesError](err); isLarge {
		err = &FileError{err}
	}
	return err
}

// hrefOf is where the tag at hand leads, "" where it is no link.
func hrefOf(page *html.Tokenizer) string {
	name, hasMore := page.TagName()
	isLink := string(name) == "a"
	for hasMore && isLink {
		var key, value []byte
		if key, value, hasMore = page.TagAttr(); string(key) == "href" {
			return string(value)
		}
	}
	return ""
}

// below is the name of what a link leads to where that is right below the page's address, else "".
func below(page *url.URL, href string) string {
	u, err := page.Parse(href)
	if href == "" || err != nil || u.RawQuery != "" || u.Scheme != page.Scheme || u.Host != page.Host {
		return ""
	}
	name, ok := strings.CutPrefix(u.Path, page.Path)
	if single := strings.TrimSuffix(name, "/"); !ok || single == "" || strings.Contains(single, "/") {
		return ""
	}
	return name
}

// versions are the objects of names. Of one whose version the server fails to tell it is unknown: reading it is tried more than
// once, and tells what is wrong.
func (s *survey) versions(ctx context.Context, names []string) (all []object, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(webAtOnce)
	found := make([]*object, len(names))
	for i, name := range names {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			h, size, err := s.ask(ctx, name)
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case isOwn(err):
				s.fail(name, err)
			default:
				found[i] = &object{name, size, versionIn(h)}
			}
			return s.count(err)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, o := range found {
		if o != nil {
			all = append(all, *o)
		}
	}
	return all, nil
}

// ask gives what the server tells of a file without its bytes. Where it fails at HEAD, as some do, GET is begun in its place.
func (w *web) ask(ctx context.Context, name string) (http.Header, int64, error) {
	response, err := w.get(ctx, http.MethodHead, w.address(name))
	if knowsNoHead(err) {
		response, err = w.get(ctx, http.MethodGet, w.address(name))
	}
	if err != nil {
		return nil, 0, err
	}
	return response.Header, max(0, response.ContentLength), response.Body.Close()
}

// knowsNoHead says whether an error may be due to the method. A server that lacks it says 405 or 501, a faulty program 500.
func knowsNoHead(err error) bool {
	refused, ok := errors.AsType[*webError](err)
	return ok && slices.Contains([]int{http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusInternalServerError}, refused.status)
}

func (w *web) stat(ctx context.Context, name string) (string, bool, error) {
	h, _, err := w.ask(ctx, name)
	if refused := (*webError)(nil); errors.As(err, &refused) && (refused.status == http.StatusNotFound || refused.status == http.StatusGone) {
		return "", false, nil
	}
	return trusted(h), err == nil, err
}

// ageIn is how long ago a file was changed, by the server's clock. ok is whether the server tells.
func ageIn(h http.Header) (age time.Duration, ok bool) {
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return now.Sub(modified), true
}

// trusted is the version, "" where the file may be changed without another one: most servers make tags of seconds and size.
func trusted(h http.Header) string {
	if age, ok := ageIn(h); ok && age < racy {
		return ""
	}
	return versionIn(h)
}

// versionIn is an ETag, or size and time where there is none. "": the server says neither.
func versionIn(h http.Header) string {
	if tag := h.Get("Etag"); tag != "" {
		return "etag " + tag
	}
	if modified := h.Get("Last-Modified"); modified != "" && h.Get("Content-Length") != "" {
		return h.Get("Content-Length") + " bytes of " + modified
	}
	return ""
}

// read reads a file once nobody has written it for a while, and while it is read. ErrBusy: it is written all the time.
func (w *web) read(ctx context.Context, name string, most int64, tooLarge error) ([]byte, string, error) {
	end := time.Now().Add(busyWait + w.settle)
	for {
		raw, h, left, err := w.fetch(ctx, name, most, tooLarge)
		if err != nil {
			return nil, "", err
		}
		if left <= 0 {
			after, _, err := w.ask(ctx, name)
			if err != nil {
				return nil, "", err
			}
			if versionIn(after) == versionIn(h) {
				return raw, trusted(h), nil
			}
			left = busyLook
		}
		if time.Now().Add(left).After(end) {
			return nil, "", ErrBusy
		}
		select {
		case <-ctx.Done():
			return nil, "", context.Cause(ctx)
		case <-time.After(left):
		}
	}
}

// fetch gets a file, or says how long it has still to be left alone.
func (w *web) fetch(ctx context.Context, name string, most int64, tooLarge error) (raw []byte, h http.Header, left time.Duration, err error) {
	response, err := w.get(ctx, http.MethodGet, w.address(name))
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	h = response.Header
	if response.ContentLength > most {
		return nil, nil, 0, tooLarge
	}
	if age, ok := ageIn(h); ok && age < w.settle && age > -futureSlack {
		return nil, h, w.settle - age, nil
	}
	raw, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	switch n := h.Get("Content-Length"); {
	case err != nil:
		return nil, nil, 0, fmt.Errorf("read %s: %w", w.address(name), err)
	case int64(len(raw)) > most:
		return nil, nil, 0, tooLarge
	case n != "" && n != strconv.Itoa(len(raw)):
		return nil, nil, 0, fmt.Errorf("read %s: %d bytes of %s came", w.address(name), len(raw), n)
	}
	return raw, h, 0, nil
}
