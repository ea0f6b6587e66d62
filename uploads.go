package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"yinju/bot"
	"yinju/bot/telegram"
	"yinju/ingest"
	"yinju/ingest/document"
	"yinju/preview"
	"yinju/rag"
)

var _ telegram.Files = (*uploads)(nil)

// Limits of a file that is sent.
const (
	maxUploadBytes = 20 << 20 // what bots may fetch of Telegram
	maxUploadName  = 200      // bytes; its sidecar's name must fit into a folder, too
)

// uploadPrefix begins the names of files that are not yet, or no longer, of the corpus: ingest passes over hidden ones.
const uploadPrefix = ".yinju-upload-"

const sidecarSuffix = ".articles.yaml"

// Reasons why a file is not taken.
var (
	errUploadSize  = fmt.Errorf("the file is larger than %d MB: split it, or put it into the corpus folder yourself", maxUploadBytes>>20)
	errUploadName  = errors.New("the file's name cannot be one in the corpus: rename it, without / and \\, a dot at its beginning and characters that are not seen")
	errUploadLong  = fmt.Errorf("the file's name is longer than %d bytes: rename it", maxUploadName)
	errNotIngested = errors.New("the file was not ingested")
	errUploadTaken = errors.New("the corpus has a file of this name from another folder: rename it")
)

// uploads puts files that people send into the corpus folder, one at a time.
type uploads struct {
	dir   string // absolute, links resolved
	job   ingest.Job
	store *rag.Store
	lang  bot.Lang
	log   *slog.Logger
	turn  chan struct{} // holds a token while a file is added
	look  chan struct{} // likewise while a preview is made
}

// uploads is over the open parts and CORPUS_DIR.
func (a *app) uploads() (*uploads, error) {
	dir, err := filepath.Abs(a.cfg.CorpusDir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("CORPUS_DIR: %w", err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("CORPUS_DIR: %s is not a folder", dir)
	}
	sweep(a.log(), dir, os.TempDir(), time.Now())
	return &uploads{dir: dir, job: a.job(), store: a.db, lang: a.lang, log: a.log(), turn: make(chan struct{}, 1), look: make(chan struct{}, 1)}, nil
}

// Preview says how a file would be cut, with the sidecar that the corpus has of it. Nothing is stored. Errors are
// *telegram.FileError.
func (u *uploads) Preview(ctx context.Context, name string, data []byte) (telegram.FilePreview, error) {
	p, err := u.preview(ctx, name, data)
	return p, u.fault(ctx, name, err)
}

func (u *uploads) preview(ctx context.Context, name string, data []byte) (out telegram.FilePreview, err error) {
	if err := checkUpload(name, data); err != nil {
		return out, err
	}
	if err := checkPreview(name, data); err != nil {
		return out, err
	}
	select { // one at a time, for its memory
	case u.look <- struct{}{}:
		defer func() { <-u.look }()
	case <-ctx.Done():
		return out, context.Cause(ctx)
	}
	dir, err := os.MkdirTemp("", dated(previewPrefix))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return out, err
	}
	if err := u.lendSidecars(dir, name); err != nil {
		return out, err
	}
	p, err := ingest.NewPreview(ctx, path, u.job.Delimiter)
	if err != nil {
		return out, err
	}
	var shown page
	if err := preview.HTML(&shown, u.lang, p); err == nil {
		out.Page = shown.Bytes()
	} else if !errors.Is(err, errPageLarge) {
		return out, err
	}
	for _, a := range p.Articles {
		out.Articles = append(out.Articles, a.Article)
	}
	_, statErr := os.Lstat(filepath.Join(u.dir, name))
	out.Exists = statErr == nil
	return out, nil
}

// lendSidecars shows the sidecars that the corpus has of a file to its preview.
func (u *uploads) lendSidecars(dir, name string) error {
	for _, side := range []string{name + sidecarSuffix, strings.TrimSuffix(name, filepath.Ext(name)) + sidecarSuffix} {
		if _, err := os.Lstat(filepath.Join(u.dir, side)); err != nil {
			continue
		}
		if err := os.Symlink(filepath.Join(u.dir, side), filepath.Join(dir, side)); err != nil {
			return err
		}
	}
	return nil
}

// Add puts a file into the corpus folder and ingests it. Where that fails the folder is as it was before. Passages are
// those embedded: none where the corpus has this very file already. Errors are *telegram.FileError, one around
// telegram.ErrFileExists among them.
func (u *uploads) Add(ctx context.Context, name string, data []byte, replace bool) (telegram.FileAdded, error) {
	added, err := u.add(ctx, name, data, replace)
	return added, u.fault(ctx, name, err)
}

func (u *uploads) add(ctx context.Context, name string, data []byte, replace bool) (telegram.FileAdded, error) {
	if err := checkUpload(name, data); err != nil {
		return telegram.FileAdded{}, err
	}
	select {
	case u.turn <- struct{}{}:
		defer func() { <-u.turn }()
	case <-ctx.Done():
		return telegram.FileAdded{}, context.Cause(ctx)
	}
	if err := u.isFree(ctx, name); err != nil {
		return telegram.FileAdded{}, err
	}
	placed, err := u.place(filepath.Join(u.dir, name), data, replace)
	if err != nil {
		return telegram.FileAdded{}, err
	}
	added, err := u.ingest(ctx, placed.path)
	if err != nil {
		return telegram.FileAdded{}, errors.Join(err, placed.undo())
	}
	if err := placed.keep(); err != nil {
		u.log.Warn("the older edition of a file stays beside it, hidden", "file", name, "error", err)
	}
	return added, nil
}

// checkUpload says whether a file can be one of the corpus, as far as its name and size tell.
func checkUpload(name string, data []byte) error {
	switch {
	case !utf8.ValidString(name):
		return ingest.ErrName
	case len(name) > maxUploadName:
		return errUploadLong
	case name == "" || name != filepath.Base(name) || name[0] == '.' || strings.ContainsAny(name, `/\`) || name != strings.TrimSpace(name) || strings.ContainsFunc(name, isUnseen):
		return errUploadName
	case strings.HasSuffix(strings.ToLower(name), sidecarSuffix):
		return ingest.ErrIsSidecar
	case !slices.Contains(document.Extensions, strings.ToLower(filepath.Ext(name))):
		return ingest.ErrNotTaken
	case len(data) > maxUploadBytes:
		return errUploadSize
	case len(data) == 0:
		return ingest.ErrNoText
	}
	return nil
}

// isUnseen says whether a rune makes a name look like another one: it is not seen, or is a blank that is no plain one.
func isUnseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == braillePatternBlank
}

const braillePatternBlank = '\u2800'

// isFree says whether the store may cite a file of the folder by this name.
func (u *uploads) isFree(ctx context.Context, name string) error {
	known, err := u.store.Known(ctx)
	if err != nil {
		return err
	}
	if k, taken := known[name]; taken && filepath.Join(k.Root, filepath.FromSlash(k.Path)) != filepath.Join(u.dir, name) {
		return errUploadTaken
	}
	return nil
}

// placement is a file in the corpus folder, and what stood there before.
type placement struct {
	path   string
	isNew  bool   // nothing stood there
	backup string // the older file; "": there is none, or it has the same content
}

// undo makes the folder as it was.
func (p placement) undo() error {
	switch {
	case p.backup != "":
		return os.Rename(p.backup, p.path)
	case p.isNew:
		return os.Remove(p.path)
	}
	return nil
}

// keep gives up what stood there before.
func (p placement) keep() error {
	if p.backup == "" {
		return nil
	}
	return os.Remove(p.backup)
}

// place writes a file as a whole or not at all, and over another one only if it may.
func (u *uploads) place(path string, data []byte, replace bool) (placement, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return u.placeNew(path, data)
	case err != nil:
		return placement{}, err
	case !info.Mode().IsRegular():
		return placement{}, ingest.ErrNotAFile
	}
	if isSame, err := holds(path, info, data); isSame || err != nil {
		return placement{path: path}, err
	}
	if !replace {
		return placement{}, telegram.ErrFileExists
	}
	return u.placeOver(path, data)
}

// holds says whether a file has this content.
func holds(path string, info fs.FileInfo, data []byte) (bool, error) {
	if info.Size() != int64(len(data)) {
		return false, nil
	}
	old, err := os.ReadFile(path)
	return bytes.Equal(old, data), err
}

// placeNew links the file to its name, which fails where another program was faster.
func (u *uploads) placeNew(path string, data []byte) (placement, error) {
	temporary, err := u.write(data)
	if err != nil {
		return placement{}, err
	}
	err = os.Link(temporary, path)
	if errors.Is(err, fs.ErrExist) {
		err = telegram.ErrFileExists
	}
	if err := errors.Join(err, os.Remove(temporary)); err != nil {
		return placement{}, err
	}
	u.sync()
	return placement{path: path, isNew: true}, nil
}

// placeOver takes the name over in one step; the older file stays under a hidden one.
func (u *uploads) placeOver(path string, data []byte) (placement, error) {
	temporary, err := u.write(data)
	if err != nil {
		return placement{}, err
	}
	p := placement{path: path, backup: temporary + "-old"}
	if err := os.Link(path, p.backup); err != nil {
		return placement{}, errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return placement{}, errors.Join(err, os.Remove(temporary), os.Remove(p.backup))
	}
	u.sync()
	return p, nil
}

// write writes a hidden file to the disk and gives its path.
func (u *uploads) write(data []byte) (string, error) {
	f, err := os.CreateTemp(u.dir, dated(uploadPrefix))
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()) // as readable as the corpus's other files
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// sync writes the folder's names to the disk, where the file system can.
func (u *uploads) sync() {
	if dir, err := os.Open(u.dir); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// ingest takes one file of the folder into the store.
func (u *uploads) ingest(ctx context.Context, path string) (telegram.FileAdded, error) {
	live, err := u.store.Live(ctx)
	if err != nil {
		return telegram.FileAdded{}, err
	}
	if live.Embedder != "" && live.Embedder != u.job.Model { // else two models were mixed
		return telegram.FileAdded{}, &rag.OtherEmbedderError{Stored: live.Embedder, Used: u.job.Model}
	}
	report, err, unkept := runJob(ctx, u.store, u.job, ingest.Local{Paths: []string{path}})
	if unkept != nil {
		u.log.WarnContext(ctx, "the run of an ingest could not be kept", "error", unkept)
	}
	if report.Added+report.Changed+report.Unchanged == 0 { // else it is stored, whatever came after
		for _, f := range report.Failed {
			err = errors.Join(f.Err, err)
		}
		return telegram.FileAdded{}, cmp.Or(err, errNotIngested)
	}
	added := telegram.FileAdded{Articles: report.Articles, Passages: report.Passages}
	for _, unread := range report.Unread {
		added.Unread = append(added.Unread, unread.Pages...)
	}
	if report.Unchanged > 0 {
		added.Articles, err = u.stored(ctx, path)
		return added, err
	}
	return added, nil
}

// stored counts the articles that the store has of a file of the folder.
func (u *uploads) stored(ctx context.Context, path string) (n int, err error) {
	known, err := u.store.Known(ctx)
	if err != nil {
		return 0, err
	}
	for _, k := range known {
		if filepath.Join(k.Root, filepath.FromSlash(k.Path)) == path {
			err = u.store.Articles(ctx, []string{k.Path}, func(*rag.Article) error {
				n++
				return nil
			})
		}
	}
	return n, err
}

// fault says an error to the person who sent the file. One that is not of the file is logged, and its text is not shown.
func (u *uploads) fault(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	zh, en := explainFault(err)
	if zh == "" {
		u.log.WarnContext(ctx, "a file that was sent could not be taken", "file", name, "error", err)
		zh, en = "没能处理这个文件，语料没有变化；原因见程序的日志。", "The file could not be taken, and the corpus is as it was. The program's log says why."
	}
	return &telegram.FileError{Chinese: zh, English: en, Err: err}
}

// explainFault says what is wrong with a file; "" where it is something else.
func explainFault(err error) (zh, en string) {
	var path *fs.PathError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "处理中断了，语料没有变化：请再发一次。", "This was interrupted, and the corpus is as it was: send it again."
	case errors.Is(err, telegram.ErrFileExists):
		return "语料里已有同名而内容不同的文件。", "The corpus has a file of this name with other content."
	case errors.Is(err, syscall.ENOSPC), rag.IsFull(err):
		return "磁盘已满：请腾出空间再试，语料没有变化。", "The disk is full: make room and send it again. The corpus is as it was."
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "程序没有权限写入语料文件夹。", "The program may not write into the corpus folder."
	case errors.Is(err, ingest.ErrNotTaken):
		return "不支持这种文件；可以收入的是 " + strings.Join(document.Extensions, " "), err.Error()
	case errors.As(err, &path) && errors.Is(path, fs.ErrNotExist):
		return "语料文件夹不见了。", "The corpus folder is gone."
	}
	return cmp.Or(explainUpload(err), explainSync(err), explainFile(err)), err.Error()
}

func explainUpload(err error) string {
	switch {
	case errors.Is(err, errUploadSize):
		return fmt.Sprintf("文件超过 %d MB：请拆开，或直接放进语料文件夹。", maxUploadBytes>>20)
	case errors.Is(err, errUploadName):
		return "这个文件名不能用在语料里：请改名，不含 / 与 \\，不以点开头，没有看不见的字符。"
	case errors.Is(err, errUploadLong):
		return fmt.Sprintf("文件名超过 %d 字节：请改短。", maxUploadName)
	case errors.Is(err, errUploadText):
		return "文件的文字太多，做不了预览：请拆开，或直接放进语料文件夹。"
	case errors.Is(err, errUploadTaken):
		return "语料里另一个文件夹已有同名的文件：请改名。"
	}
	return ""
}
