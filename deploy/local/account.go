package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is whom the server runs as. Drop says that we are root and must
// change to it.
type account struct {
	name     string
	uid, gid uint32
	drop     bool
}

// accountFor picks the account for a data folder: ourselves, or when we are
// root the owner of the cluster, or else the first of yinju, postgres and
// nobody that exists.
func accountFor(dataDir string) (account, error) {
	if euid := os.Geteuid(); euid != 0 {
		return accountOf(user.LookupId(strconv.Itoa(euid)))
	}
	uid, err := ownerOf(filepath.Join(dataDir, clusterName))
	if err == nil && uid != 0 {
		return accountOf(user.LookupId(strconv.Itoa(uid)))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return account{}, err
	}
	for _, name := range []string{"yinju", "postgres", "nobody"} {
		if a, err := accountOf(user.Lookup(name)); err == nil {
			return a, nil
		}
	}
	return account{}, errors.New("postgres refuses root, and none of the accounts yinju, postgres, nobody exists; create one or run as an ordinary user")
}

func accountOf(u *user.User, err error) (account, error) {
	if err != nil {
		return account{}, fmt.Errorf("postgres needs an account with a name: %w; add it to /etc/passwd", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, err
	}
	return account{name: u.Username, uid: uint32(uid), gid: uint32(gid), drop: os.Geteuid() == 0}, nil
}

func ownerOf(path string) (int, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	return ownerIn(info), nil
}

func ownerIn(info fs.FileInfo) int {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(sys.Uid)
	}
	return -1
}

// sysProcAttr starts a child in a session of its own, so that Ctrl-C on the
// terminal does not reach it, as the account and without further groups.
func (a account) sysProcAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// give makes path the account's own when we are root.
func (a account) give(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// giveTree gives a whole folder, as for a cluster that root copied into place.
func (a account) giveTree(path string) error {
	return filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return a.give(p)
	})
}

// firstClosed gives the topmost folder on an absolute path that the account
// cannot pass through. Folders that do not exist yet are open.
func firstClosed(path string, a account) (string, bool) {
	folder := string(filepath.Separator)
	for name := range strings.SplitSeq(filepath.Clean(path), string(filepath.Separator)) {
		folder = filepath.Join(folder, name)
		info, err := os.Stat(folder)
		if err != nil {
			return "", false
		}
		if !a.passes(info) {
			return folder, true
		}
	}
	return "", false
}

func (a account) passes(info fs.FileInfo) bool {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch {
	case sys.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case sys.Gid == a.gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}
