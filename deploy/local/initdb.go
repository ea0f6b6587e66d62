package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	// role is the one superuser and dbname the one database.
	role   = "yinju"
	dbname = "yinju"
	// initLimit bounds initdb, which takes two seconds on a good disk.
	initLimit = 3 * time.Minute
)

// initCluster makes the cluster beside its place and renames it there whole,
// so that a killed initdb leaves nothing that looks like one.
func (d *dataDir) initCluster(ctx context.Context) error {
	if err := checkSpace(d.path, needMB); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(d.path, newCluster+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := d.acct.give(temp); err != nil {
		return err
	}
	if err := d.runInitdb(ctx, temp); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if err := checkVersion(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, d.pgdata()); err != nil {
		return err
	}
	return syncPath(d.path)
}

// runInitdb uses the builtin locale provider: code point order and Unicode
// case mapping that do not change with the system's libraries.
func (d *dataDir) runInitdb(ctx context.Context, temp string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, initLimit,
		fmt.Errorf("stopped after %v: %w", initLimit, context.DeadlineExceeded))
	defer cancel()
	var output tail
	cmd := exec.CommandContext(ctx, filepath.Join(d.bin, "initdb"), //nolint:gosec // the program of BinDir with fixed arguments
		"-D", temp, "-U", role, "-E", "UTF8", "--no-instructions",
		"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
		"--auth-local=peer", "--auth-host=reject")
	cmd.Dir, cmd.Env = temp, serverEnv()
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = d.acct.sysProcAttr()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if full := d.spaceError(string(output.kept)); full != nil {
		return full
	}
	return fmt.Errorf("%w:\n%s", explainExec(err, cmd.Path), lastLines(string(output.kept), 15))
}

// serverEnv is all that Postgres needs to know of our environment.
func serverEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C", "TZ=UTC"}
}

// explainExec adds the reason for a program that is there and yet cannot be
// found: its loader is missing.
func explainExec(err error, path string) error {
	if _, statErr := os.Stat(path); statErr == nil && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the program needs glibc, which this system lacks; set DATABASE_URL instead", err)
	}
	return err
}

// writeAccess lets the account, us and root in through the socket, as the one
// role, and nobody by any other way.
func (d *dataDir) writeAccess() error {
	names := []string{"root", d.acct.name}
	var ident bytes.Buffer
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(&ident, "yinju %s %s\n", strconv.Quote(name), role)
	}
	if err := d.replace("pg_ident.conf", ident.Bytes()); err != nil {
		return err
	}
	return d.replace("pg_hba.conf", []byte("local all all peer map=yinju\n"))
}

// replace writes a file of the cluster by a rename, so that root does not
// follow a symlink in a folder of the account's.
func (d *dataDir) replace(name string, content []byte) error {
	temp, err := os.CreateTemp(d.pgdata(), name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(content)
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := d.acct.give(temp.Name()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), filepath.Join(d.pgdata(), name))
}
