package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func TestWhatSaysNothingForTooLongIsLeft(t *testing.T) {
	t.Parallel()
	ctx, _, stop := untilStalled(t.Context(), time.Millisecond)
	defer stop()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, errStalled) {
		t.Error(err)
	}
}

// drip is a server whose files come in small parts, with a pause before each.
type drip struct {
	part  int
	pause time.Duration
	all   int64
}

func (d drip) RoundTrip(r *http.Request) (*http.Response, error) {
	head := http.Header{"Etag": {`"1"`}, "Content-Type": {"text/html"}, "Last-Modified": {"Mon, 02 Nov 2026 10:00:00 GMT"}}
	return &http.Response{
		StatusCode: http.StatusOK, Header: head, Request: r, ContentLength: -1,
		Body: io.NopCloser(&dripping{d.part, d.pause, d.all}),
	}, nil
}

type dripping struct {
	part  int
	pause time.Duration
	left  int64
}

func (d *dripping) Read(b []byte) (int, error) {
	if d.left <= 0 {
		return 0, io.EOF
	}
	time.Sleep(d.pause)
	n := min(len(b), d.part)
	d.left -= int64(n)
	return n, nil
}

// dripped are the corpora of a server.
func dripped(t *testing.T, d drip) map[string]objects {
	t.Helper()
	client, err := minio.New("service.example", &minio.Options{Creds: credentials.NewStaticV4("", "", ""), Region: "x", Transport: d, BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]objects{
		"web":    &web{root: &url.URL{Scheme: "http", Host: "host.example", Path: "/"}, client: &http.Client{Transport: d}},
		"bucket": &bucket{client, "texts", ""},
	}
}

const year = 365 * 24 * time.Hour // at three bytes a second some 90 MB: less than a file may have

func TestAFileThatComesByDropsIsGivenUp(t *testing.T) {
	t.Parallel()
	for kind, at := range dripped(t, drip{part: 3, pause: time.Second, all: int64(3 * year / time.Second)}) {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			_, _, err := at.read(t.Context(), "a.txt", MaxFileBytes, ErrTooLarge)
			if took := time.Since(begun); !errors.Is(err, ErrSlow) || took > 2*networkWait { // of a clock that the test turns
				t.Errorf("%s: %v after %s", kind, err, took)
			}
		})
	}
}

func TestAPageThatComesByDropsIsGivenUp(t *testing.T) {
	t.Parallel()
	at := dripped(t, drip{part: 3, pause: time.Second, all: webPage})["web"]
	synctest.Test(t, func(t *testing.T) {
		if _, _, err := at.list(t.Context(), isRead); !errors.Is(err, ErrSlow) {
			t.Error(err)
		}
	})
}

// A line of 64 KB a second is slow, and no fault.
func TestASlowFileIsReadWhole(t *testing.T) {
	t.Parallel()
	for kind, at := range dripped(t, drip{part: 64 << 10, pause: time.Second, all: 20 << 20}) {
		synctest.Test(t, func(t *testing.T) {
			raw, _, err := at.read(t.Context(), "a.txt", MaxFileBytes, ErrTooLarge)
			if err != nil || len(raw) < 20<<20 {
				t.Errorf("%s: %d bytes, %v", kind, len(raw), err)
			}
		})
	}
}

// endless is a place whose list has no end. What it gives when its time is over is a part.
type endless struct{ objects }

func (endless) list(ctx context.Context, _ func(string) bool) ([]object, []Failure, error) {
	<-ctx.Done()
	return []object{{name: "a.txt", size: 1}}, nil, nil
}

func TestAListWithoutAnEndIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if _, err := (remote{"http://host.example/", endless{}}).List(t.Context()); !errors.Is(err, errSlowList) {
			t.Error(err)
		}
	})
}
