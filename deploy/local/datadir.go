package local

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// major is the Postgres version the parts carry.
	major       = "18"
	clusterName = "pg" + major
	// newCluster starts the names of half-made clusters.
	newCluster = clusterName + ".new"
	// lockName is the file whose lock is held while a server starts or stops.
	lockName = "lock"
	// needMB is the free space in megabytes for a new cluster and a first
	// index.
	needMB = 300
)

// dataDir is an opened data folder and the account its server runs as.
type dataDir struct {
	path  string // absolute, without symlinks
	bin   string
	acct  account
	owner owner
	log   *slog.Logger
}

// owner is who owns the folder itself, and so its lock files.
type owner struct{ uid, gid int }

func (d *dataDir) join(name string) string { return filepath.Join(d.path, name) }

func (d *dataDir) pgdata() string { return d.join(clusterName) }

func (d *dataDir) pidFile() string { return filepath.Join(d.pgdata(), "postmaster.pid") }

// openDataDir makes the folder if need be and checks that it can be used.
func openDataDir(opt Options) (*dataDir, error) {
	path, err := filepath.Abs(opt.DataDir)
	if err != nil {
		return nil, err
	}
	if path, err = makeDataDir(path); err != nil {
		return nil, err
	}
	acct, err := accountFor(path)
	if err != nil {
		return nil, err
	}
	d := &dataDir{path: path, acct: acct, log: opt.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.bin, err = filepath.Abs(opt.BinDir); err != nil {
		return nil, err
	}
	if err := d.checkOwner(); err != nil {
		return nil, err
	}
	return d, d.openWay()
}

func makeDataDir(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return "", &DataDirError{Dir: path, Problem: "is a file, not a folder; choose another DATA_DIR"}
	}
	if err := mkdirOpen(path, 0o700); err != nil {
		return "", &DataDirError{Dir: path, Problem: fmt.Sprintf("cannot be made: %v; choose another DATA_DIR", err)}
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", &DataDirError{Dir: path, Problem: err.Error()}
	}
	return resolved, nil
}

func (d *dataDir) checkOwner() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("the owner of the data folder is unknown on this system")
	}
	d.owner = owner{int(sys.Uid), int(sys.Gid)}
	if err := d.refuseStranger(); err != nil {
		return err
	}
	if err := unix.Access(d.path, unix.W_OK|unix.X_OK); err != nil {
		return &DataDirError{Dir: d.path, Problem: fmt.Sprintf("is not writable: %v; chmod it or choose another DATA_DIR", err)}
	}
	return nil
}

// refuseStranger refuses a folder of somebody who is neither root nor the
// account: he could put anything into it, and would own our database.
func (d *dataDir) refuseStranger() error {
	uid := d.owner.uid
	if uid == int(d.acct.uid) || uid == 0 && d.acct.drop {
		return nil
	}
	whose := "user id " + strconv.Itoa(uid)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		whose = fmt.Sprintf("%s (%s)", u.Username, whose)
	}
	return &DataDirError{
		Dir: d.path,
		Problem: fmt.Sprintf("belongs to %s, but Postgres would run as %s; run yinju as the user it belongs to, or choose another DATA_DIR",
			whose, d.acct.name),
	}
}

// openWay lets the account pass through the data folder where that is ours,
// and checks the folders above it and above the programs, which may not be.
func (d *dataDir) openWay() error {
	if !d.acct.drop {
		return nil
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	if !d.acct.passes(info) && d.mayOpen() {
		if err := os.Chmod(d.path, info.Mode().Perm()|0o111); err != nil {
			return err
		}
	}
	for _, path := range []string{d.path, d.bin} {
		if folder, closed := firstClosed(path, d.acct); closed {
			return &ClosedFolderError{Folder: folder, Account: d.acct.name}
		}
	}
	return nil
}

// mayOpen tells that nobody but us keeps anything in the data folder: it is
// empty, as a new one is, or has our files in it. Such as /root stays closed.
func (d *dataDir) mayOpen() bool {
	names, err := os.ReadDir(d.path)
	if err != nil {
		return false
	}
	return len(names) == 0 || slices.ContainsFunc(names, func(e fs.DirEntry) bool {
		return e.IsDir() && e.Name() == clusterName || e.Type().IsRegular() && e.Name() == lockName
	})
}

// checkCluster tells whether there is a cluster, and refuses one that is not
// of our version.
func (d *dataDir) checkCluster() (exists bool, err error) {
	info, err := os.Lstat(d.pgdata())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := checkVersion(d.pgdata()); err != nil {
		return true, err
	}
	if d.acct.drop && ownerIn(info) == 0 {
		return true, d.acct.giveTree(d.pgdata())
	}
	return true, nil
}

func checkVersion(pgdata string) error {
	raw, err := os.ReadFile(filepath.Join(pgdata, "PG_VERSION"))
	if err != nil {
		return &DataDirError{
			Dir:     pgdata,
			Problem: fmt.Sprintf("is no Postgres cluster (%v); move it away or choose another DATA_DIR", err),
		}
	}
	if got := strings.TrimSpace(string(raw)); got != major {
		return &DataDirError{
			Dir:     pgdata,
			Problem: fmt.Sprintf("was made by Postgres %s, not %s; move it away or choose another DATA_DIR", got, major),
		}
	}
	return nil
}

// noteOlder logs how to carry on from clusters of an earlier version.
func (d *dataDir) noteOlder() {
	names, _ := fs.Glob(os.DirFS(d.path), "pg[0-9]*")
	ours, _ := strconv.Atoi(major)
	for _, name := range names {
		if v, err := strconv.Atoi(strings.TrimPrefix(name, "pg")); err == nil && v < ours {
			d.log.Warn("an older cluster is not used: run yinju ingest to fill the new one from the corpus folder, and pg_dump with the older parts to carry over the answer log",
				"older", d.join(name), "used", d.pgdata())
		}
	}
}

// checkSpace refuses a file system with less than need megabytes free for an
// account that is not root.
func checkSpace(dir string, need int64) error {
	free, err := freeMB(dir)
	if err != nil {
		return err
	}
	if free < need {
		return &NoSpaceError{Dir: dir, FreeMB: free, NeedMB: need}
	}
	return nil
}

func freeMB(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask for free space in %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize) >> 20, nil //nolint:gosec,unconvert // no disk has 2^63 bytes; the type of Bsize depends on the system
}

// spaceError gives a *NoSpaceError when what a program printed says that the
// disk was full, else nil.
func (d *dataDir) spaceError(output string) error {
	free, err := freeMB(d.path)
	if err != nil {
		return err
	}
	return diskFull(output, d.path, free)
}

// explainFull turns an error of our own writes on a full disk into a
// *NoSpaceError.
func (d *dataDir) explainFull(err error) error {
	if !errors.Is(err, unix.ENOSPC) {
		return err
	}
	if full := d.spaceError("No space left on device"); full != nil {
		return full
	}
	return err
}

// diskFull takes a file system with space left for innocent: then something
// else was full, such as the shared memory of a container, and the output says
// it better.
func diskFull(output, dir string, free int64) error {
	if free >= needMB || !strings.Contains(output, "No space left on device") {
		return nil
	}
	return &NoSpaceError{Dir: dir, FreeMB: free, NeedMB: needMB}
}
