package local

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// socketPort only names the socket file; there is no TCP.
	socketPort = "5432"
	socketName = ".s.PGSQL." + socketPort
	// maxSocketPath is the most bytes of a socket's path; the kernel takes 107.
	maxSocketPath = 100
	// dyingLimit bounds the wait for a killed server to let go of its socket.
	dyingLimit = 5 * time.Second
)

// socketDir makes and checks the folder of the socket: run in the data folder,
// or one with a short name in the system's folder for temporary files.
func (d *dataDir) socketDir() (string, error) {
	dir := d.join("run")
	if !usableSocketDir(dir) {
		dir = d.shortSocketDir(os.TempDir())
	}
	if !usableSocketDir(dir) {
		dir = d.shortSocketDir("/tmp")
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = d.acct.give(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make socket folder: %w", err)
	}
	return dir, d.checkSocketDir(dir)
}

// usableSocketDir refuses long paths, and commas, at which clients split a
// list of hosts.
func usableSocketDir(dir string) bool {
	return len(filepath.Join(dir, socketName)) <= maxSocketPath && !strings.ContainsAny(dir, ",\n\r")
}

func (d *dataDir) shortSocketDir(temp string) string {
	sum := sha256.Sum256([]byte(d.path))
	return filepath.Join(temp, fmt.Sprintf("yinju-%d-%x", d.acct.uid, sum[:6]))
}

// checkSocketDir makes sure that nobody else put the folder there, since who
// owns it can pose as the server.
func (d *dataDir) checkSocketDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if d.acct.drop && info.IsDir() && ownerIn(info) == 0 {
		// Root made it and was killed before it gave it away.
		if err := d.acct.give(dir); err != nil {
			return err
		}
		if info, err = os.Lstat(dir); err != nil {
			return err
		}
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || ownerIn(info) != int(d.acct.uid) {
		return fmt.Errorf("socket folder %s is not a private folder of account %s (%v, user id %d); remove it while no yinju runs",
			dir, d.acct.name, info.Mode(), ownerIn(info))
	}
	return nil
}

// clearSocket removes what a killed server left. The caller knows that no
// server of this data folder lives. A socket that answers all the same belongs
// to one that is just dying, or that we cannot see, in another container.
func clearSocket(ctx context.Context, dir string) error {
	path := filepath.Join(dir, socketName)
	giveUp := time.Now().Add(dyingLimit)
	for answers(ctx, path) {
		if time.Now().Before(giveUp) {
			if err := sleep(ctx, pollEvery); err != nil {
				return err
			}
			continue
		}
		return fmt.Errorf("a server answers on %s, but its process cannot be seen from here; stop the yinju that runs it, maybe in another container", path)
	}
	for _, stale := range []string{path, path + ".lock"} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove stale socket: %w", err)
		}
	}
	return nil
}

// answers asks even when ctx is over: a socket that nobody asked must not be
// taken for a stale one.
func answers(ctx context.Context, path string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(context.WithoutCancel(ctx), "unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// connString is good for pgx and for psql. It names everything that PG*
// variables could set otherwise.
func connString(socketDir, database string) string {
	query := url.Values{
		"host":    {socketDir},
		"port":    {socketPort},
		"user":    {role},
		"sslmode": {"disable"},
	}
	// libpq does not read + as a space.
	return "postgres:///" + database + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// quoteListItem quotes a path as an item of a Postgres setting that is a list.
func quoteListItem(s string) string {
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// postmasterFile is what postmaster.pid says.
type postmasterFile struct {
	pid       int
	socketDir string
}

// readPostmasterFile gives false when there is none or it is not whole.
func (d *dataDir) readPostmasterFile() (postmasterFile, bool) {
	raw, err := os.ReadFile(d.pidFile())
	if err != nil {
		return postmasterFile{}, false
	}
	lines := strings.Split(string(raw), "\n")
	pid := pidIn(lines[0])
	if pid <= 0 {
		return postmasterFile{}, false
	}
	file := postmasterFile{pid: pid}
	if len(lines) > 4 {
		file.socketDir = lines[4]
	}
	return file, true
}

// pidIn gives 0 for what is no number.
func pidIn(line string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0
	}
	return pid
}

// garbagePidFile tells of a postmaster.pid without a number, at which Postgres
// refuses to start. A full disk or a power cut leaves one, and every server
// has one for an instant as it starts. A negative number is none: it names a
// server that a person runs with --single.
func (d *dataDir) garbagePidFile() bool {
	raw, err := os.ReadFile(d.pidFile())
	if err != nil {
		return false
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return pidIn(line) == 0
}
