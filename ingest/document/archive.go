package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	maxEntries    = 20_000
	maxUnpacked   = 256 << 20 // bytes of all entries that are read
	maxRatio      = 200       // unpacked to packed, of an entry above smallUnpacked
	smallUnpacked = 1 << 20
)

// archive is a zip file whose entries are read into memory within limits. Nothing is written.
type archive struct {
	files map[string]*zip.File
	left  int // bytes that may still be unpacked
}

// oldOffice begins files of Word before DOCX, and DOCX under a password.
var oldOffice = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

func openArchive(raw []byte) (*archive, error) {
	if bytes.HasPrefix(raw, oldOffice) {
		return nil, fmt.Errorf("it is a .doc, or a .docx under a password: %w", ErrEncrypted)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("open it as a zip file: %w (%w)", ErrBroken, err)
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("it has %d entries: %w", len(z.File), ErrBomb)
	}
	a := &archive{files: make(map[string]*zip.File, len(z.File)), left: maxUnpacked}
	for _, f := range z.File {
		if _, twice := a.files[f.Name]; !twice {
			a.files[f.Name] = f
		}
	}
	return a, nil
}

func (a *archive) has(name string) bool { return a.files[name] != nil }

// isEncrypted is the bit of a zip entry's flags that says so.
const isEncrypted = 0x1

// read unpacks one entry. The limits hold for what comes out, whatever the header says. An entry that is not there is
// fs.ErrNotExist.
func (a *archive) read(name string) ([]byte, error) {
	f := a.files[name]
	switch {
	case f == nil:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case f.Flags&isEncrypted != 0:
		return nil, fmt.Errorf("%s: %w", name, ErrEncrypted)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%w)", name, ErrBroken, err)
	}
	defer func() { _ = r.Close() }()
	limit := min(a.left, max(smallUnpacked, maxRatio*int(min(f.CompressedSize64, maxUnpacked))))
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case len(data) > limit:
		return nil, fmt.Errorf("%s: %w", name, ErrBomb)
	case err != nil:
		return nil, fmt.Errorf("%s: %w (%w)", name, ErrBroken, err)
	}
	a.left -= len(data)
	return data, nil
}

// readXML unpacks an entry and reads it into v. Entities of a document type are not known to encoding/xml: nothing can
// expand.
func (a *archive) readXML(name string, v any) error {
	data, err := a.read(name)
	if err != nil {
		return err
	}
	if err := xmlDecoder(data).Decode(v); err != nil {
		return fmt.Errorf("%s: %w (%w)", name, ErrBroken, err)
	}
	return nil
}

// readOptional is readXML for an entry that may be missing or broken without harm to the text.
func (a *archive) readOptional(name string, v any) error {
	if err := a.readXML(name, v); errors.Is(err, ErrBomb) || errors.Is(err, ErrEncrypted) {
		return err
	}
	return nil
}

// xmlDecoder reads XML in any encoding that its mark or declaration names.
func xmlDecoder(data []byte) *xml.Decoder {
	d := xml.NewDecoder(transform.NewReader(bytes.NewReader(data), unicode.BOMOverride(transform.Nop)))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if _, name := charset.Lookup(label); name == "utf-16le" || name == "utf-16be" {
			return in, nil // has been decoded by its byte order mark
		}
		return charset.NewReaderLabel(label, in)
	}
	return d
}
