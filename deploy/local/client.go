package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// clientLimit bounds one run of pip or Maven.
	clientLimit = 10 * time.Minute
	// probeLimit bounds asking a python whether it has pip.
	probeLimit = time.Minute
	// mavenPlugin is pinned, so that every machine runs the same one.
	mavenPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
)

// client is a package client with its arguments for one part.
type client struct {
	argv               []string
	archive, downloads string
}

// client picks the client of the part's kind and writes what it needs to work.
func (p part) client(ctx context.Context, work, downloads string) (client, error) {
	c := client{archive: p.File, downloads: downloads}
	var err error
	if p.Kind == "maven" {
		c.argv, err = p.maven()
	} else {
		c.argv, err = p.pip(ctx, work)
	}
	if errors.Is(err, ErrNoPip) || errors.Is(err, ErrNoMaven) {
		err = fmt.Errorf("%w; install it, or put %s into %s, or %s", err, p.File, downloads, p.Instead)
	}
	return c, err
}

// maven runs in an empty folder, so that no project file of the user's counts.
func (p part) maven() ([]string, error) {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return nil, ErrNoMaven
	}
	return []string{
		mvn, "-q", "-B", mavenPlugin + ":copy",
		"-Dartifact=" + p.Group + ":" + p.Name + ":" + p.Version,
		"-DoutputDirectory=.",
	}, nil
}

func (p part) pip(ctx context.Context, work string) ([]string, error) {
	pip, err := findPip(ctx)
	if err != nil {
		return nil, err
	}
	list := fmt.Sprintf("%s==%s --hash=sha256:%s\n", p.Name, p.Version, p.SHA256)
	if err := os.WriteFile(filepath.Join(work, "requirements.txt"), []byte(list), 0o600); err != nil {
		return nil, err
	}
	return append(pip, "download", "--no-input", "--no-deps", "--only-binary=:all:",
		"--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--platform", p.Tag,
		"--require-hashes", "-r", "requirements.txt", "-d", "."), nil
}

// findPip gives the first pip that works: a python3 may well have none.
func findPip(ctx context.Context) ([]string, error) {
	for _, argv := range [][]string{{"python3", "-m", "pip"}, {"pip3"}, {"pip"}} {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			continue
		}
		argv[0] = path
		probe, cancel := context.WithTimeout(ctx, probeLimit)
		_, err = runGroup(probe, "", append(slices.Clip(argv), "--version"))
		cancel()
		if err == nil {
			return argv, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, ErrNoPip
}

func (c client) run(ctx context.Context, work string) error {
	limited, cancel := context.WithTimeoutCause(ctx, clientLimit,
		fmt.Errorf("stopped after %v: %w", clientLimit, context.DeadlineExceeded))
	defer cancel()
	output, err := runGroup(limited, work, c.argv)
	if err == nil {
		return nil
	}
	if cause := context.Cause(limited); cause != nil {
		err = cause
	}
	return &ClientError{
		Client: strings.Join(c.argv, " "), Output: lastLines(output, 15),
		Archive: c.archive, Downloads: c.downloads, Err: err,
	}
}

// runGroup runs a program and gives the end of its output. It has a process
// group of its own, because mvn and pip may be scripts whose children must end
// with them.
func runGroup(ctx context.Context, dir string, argv []string) (string, error) {
	var output tail
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // pip or Maven, with arguments out of the lock
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	return string(output.kept), err
}

// tail keeps the last bytes written to it.
type tail struct{ kept []byte }

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
