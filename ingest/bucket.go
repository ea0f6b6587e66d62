package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options are how a bucket is reached.
type S3Options struct {
	Endpoint  string // host, or address, of the service; "": Amazon's
	Region    string // "": the service tells
	AccessKey string // "": nobody is named, for buckets that everybody may read
	SecretKey string
}

const amazon = "https://s3.amazonaws.com"

var errBucketAddress = errors.New("want s3://BUCKET or s3://BUCKET/PREFIX")

// bucket is a part of a bucket of an S3-compatible service.
type bucket struct {
	client       *minio.Client
	name, prefix string // prefix: "", or ends with a slash
}

func openBucket(address string, o S3Options) (Corpus, error) {
	name, prefix, _ := strings.Cut(strings.TrimPrefix(address, "s3://"), "/")
	if name == "" || strings.ContainsAny(address, "?#@") {
		return nil, fmt.Errorf("CORPUS_DIR: %w", errBucketAddress)
	}
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	endpoint := o.Endpoint
	if endpoint == "" {
		endpoint = amazon
	}
	host, isPlain := strings.CutPrefix(endpoint, "http://")
	host = strings.TrimSuffix(strings.TrimPrefix(host, "https://"), "/")
	client, err := minio.New(host, &minio.Options{
		Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""), Secure: !isPlain, Region: o.Region, MaxRetries: 3, BucketLookup: minio.BucketLookupAuto,
	})
	if err != nil {
		return nil, fmt.Errorf("S3_ENDPOINT: %w", err)
	}
	return remote{"s3://" + name + "/" + prefix, &bucket{client, name, prefix}}, nil
}

func (b *bucket) list(ctx context.Context, wanted func(string) bool) (all []object, _ []Failure, err error) {
	ctx, alive, stop := untilStalled(ctx, networkWait)
	defer stop() // which also ends the listing where it is left
	for info := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if info.Err != nil {
			return nil, nil, fmt.Errorf("list s3://%s/%s: %w", b.name, b.prefix, cmp.Or(context.Cause(ctx), info.Err))
		}
		alive()
		if len(all) == remoteFiles {
			return nil, nil, fmt.Errorf("list s3://%s/%s: %w", b.name, b.prefix, errRemoteLimit)
		}
		if name := strings.TrimPrefix(info.Key, b.prefix); wanted(name) {
			all = append(all, object{name, info.Size, tagged(info.ETag)})
		}
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	return all, nil, nil
}

func tagged(etag string) string {
	if etag == "" {
		return ""
	}
	return "etag " + strings.Trim(etag, `"`)
}

func (b *bucket) stat(ctx context.Context, name string) (string, bool, error) {
	ctx, _, stop := untilStalled(ctx, networkWait)
	defer stop()
	info, err := b.client.StatObject(ctx, b.name, b.prefix+name, minio.StatObjectOptions{})
	switch {
	case minio.ToErrorResponse(err).StatusCode == http.StatusNotFound:
		return "", false, nil
	case err != nil:
		return "", false, b.fault(name, err)
	}
	return tagged(info.ETag), true, nil
}

func (b *bucket) read(ctx context.Context, name string, most int64, tooLarge error) ([]byte, string, error) {
	ctx, alive, stop := untilStalled(ctx, networkWait)
	o, info, _, err := minio.Core{Client: b.client}.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		err = cmp.Or(context.Cause(ctx), err)
		stop()
		return nil, "", b.fault(name, err)
	}
	body := newPatient(ctx, o, alive, stop)
	defer func() { _ = body.Close() }()
	if info.Size > most {
		return nil, "", tooLarge
	}
	raw, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, "", b.fault(name, err)
	}
	if int64(len(raw)) > most {
		return nil, "", tooLarge
	}
	return raw, tagged(info.ETag), nil
}

// fault says where an error was met. What is not there, or may not be read, will not be by itself.
func (b *bucket) fault(name string, err error) error {
	status := minio.ToErrorResponse(err).StatusCode
	err = fmt.Errorf("read s3://%s/%s%s: %w", b.name, b.prefix, name, err)
	if status == http.StatusNotFound || status == http.StatusForbidden {
		return &FileError{err}
	}
	return err
}
