package main

import (
	"context"
	"net"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v4"

	"yinju/config"
	"yinju/deploy/local"
	"yinju/rag/ragtest"
)

// What is set in deploy/ is read by the program, by these very names.
func TestDeploymentsSetKeysThatThereAre(t *testing.T) {
	t.Parallel()
	compose := readCompose(t)
	known, yinju := config.Keys(), compose.Services["yinju"]
	if len(yinju.Environment) == 0 {
		t.Error("compose.yaml sets nothing")
	}
	set := []string{}
	for key, value := range yinju.Environment {
		set = append(set, key)
		if name, ok := strings.CutPrefix(value, "/run/secrets/"); ok && (!slices.Contains(yinju.Secrets, name) || compose.Secrets[name].File == "") {
			t.Errorf("%s names the secret %q, which is not given", key, name)
		}
	}
	for _, file := range append(glob(t, "deploy/systemd/*.service"), "deploy/Dockerfile") {
		set = append(set, variables(t, file)...)
	}
	for _, key := range set {
		if !slices.Contains(known, key) {
			t.Errorf("%s is set in deploy/, and nothing reads it", key)
		}
	}
}

// What people set in yinju.env is not overruled: compose.yaml sets only where it listens, and the files of its secrets.
func TestComposeOverrulesNoSettings(t *testing.T) {
	t.Parallel()
	for key := range readCompose(t).Services["yinju"].Environment {
		if key != "LISTEN_ADDR" && !strings.HasSuffix(key, "_FILE") {
			t.Errorf("compose.yaml sets %s, whatever stands in yinju.env", key)
		}
	}
}

// A command by hand, run as README says, reads the settings of the units and finds their folders; so does root's without any.
func TestCommandsByHandFindWhatTheUnitsUse(t *testing.T) {
	t.Parallel()
	for _, name := range glob(t, "deploy/systemd/*.service") {
		unit := readFile(t, name)
		value := func(key string) string {
			m := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindStringSubmatch(unit)
			if m == nil {
				return ""
			}
			return m[1]
		}
		settings := value("WorkingDirectory")
		if settings == "" || value("EnvironmentFile") != "" || value("Environment") != "" || value("AssertPathExists") != settings+"/.env" {
			t.Errorf("%s has settings that no command by hand sees", name)
		}
		data, parts := "/var/lib/"+value("StateDirectory"), "/var/cache/"+value("CacheDirectory")
		wanted := []string{"DATA_DIR=" + data + " PARTS_DIR=" + parts + " ", " " + settings + "/.env ", "sudo -u " + value("User") + " env -C " + settings + " yinju runs"}
		if doc := value("Documentation"); doc != "" {
			wanted = append(wanted, " README.md "+strings.TrimPrefix(doc, "file://")+"\n")
		}
		for _, readme := range []string{"README.md", "README.zh.md"} {
			for _, part := range wanted {
				if !strings.Contains(readFile(t, readme), part) {
					t.Errorf("%s has no %q, which %s needs", readme, part, name)
				}
			}
		}
		if os.Geteuid() == 0 {
			none := func(string) string { return "" }
			d, dataErr := local.DefaultDataDir(none)
			p, partsErr := local.DefaultPartsDir(none)
			if d != data || p != parts || dataErr != nil || partsErr != nil {
				t.Errorf("root's folders are %s and %s (%v, %v), those of %s %s and %s", d, p, dataErr, partsErr, name, data, parts)
			}
		}
	}
}

// The tests run on the Postgres and the pgvector of the parts' lock file; so does who uses compose.yaml.
func TestComposeRunsThePostgresOfTheTests(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), ragtest.Server(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var want string
	err = conn.QueryRow(t.Context(), `
		select 'pgvector/pgvector:' || default_version || '-pg' || current_setting('server_version_num')::int / 10000
		from pg_available_extensions where name = 'vector'`).Scan(&want)
	if err != nil {
		t.Fatal(err)
	}
	if got := readCompose(t).Services["db"].Image; got != want {
		t.Errorf("the image of the database is %s, the tests run on %s", got, want)
	}
}

func TestTheImageIsBuiltWithTheGoOfGoMod(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "go.mod"))
	got := regexp.MustCompile(`(?m)^FROM golang:(\d+\.\d+)-`).FindStringSubmatch(readFile(t, "deploy/Dockerfile"))
	if want == nil || got == nil || got[1] != want[1] {
		t.Errorf("the Dockerfile has %q, go.mod %q", got, want)
	}
}

// One port, from the program to the machine, and on the machine only where it is asked for from there.
func TestPortsOfDeploymentsAgree(t *testing.T) {
	t.Parallel()
	dockerfile, yinju := readFile(t, "deploy/Dockerfile"), readCompose(t).Services["yinju"]
	listen := yinju.Environment["LISTEN_ADDR"]
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"LISTEN_ADDR=" + listen + "\n", "\nEXPOSE " + port + "\n", "/dev/tcp/127.0.0.1/" + port + " "} {
		if !strings.Contains(dockerfile, part) {
			t.Errorf("the Dockerfile has no %q", part)
		}
	}
	if len(yinju.Ports) != 1 || !strings.HasPrefix(yinju.Ports[0], "127.0.0.1:") || !strings.HasSuffix(yinju.Ports[0], ":"+port) {
		t.Errorf("compose.yaml publishes %q, want port %s on 127.0.0.1 only", yinju.Ports, port)
	}
}

// What compose.yaml has people put beside it is secret: neither the image nor the repository may take it along.
func TestSecretsOfDeploymentsStayOutOfImageAndRepository(t *testing.T) {
	t.Parallel()
	compose := readCompose(t)
	private := []string{".env", "deploy/.env"}
	for _, secret := range compose.Secrets {
		private = append(private, path.Dir(path.Join("deploy", secret.File)))
	}
	for _, file := range compose.Services["yinju"].EnvFile {
		private = append(private, path.Join("deploy", file.Path))
	}
	if len(private) < 3 {
		t.Fatalf("compose.yaml names no secrets and no file of settings: %q", private)
	}
	for _, ignore := range []string{".dockerignore", ".gitignore"} {
		lines := strings.Split(readFile(t, ignore), "\n")
		for _, name := range private {
			if !slices.Contains(lines, name) && !slices.Contains(lines, "/"+name) {
				t.Errorf("%s does not name %s", ignore, name)
			}
		}
	}
	dockerfile := readFile(t, "deploy/Dockerfile")
	_, last, _ := strings.Cut(dockerfile, "\nFROM ")
	if !regexp.MustCompile(`(?m)^USER [1-9]\d*$`).MatchString(last) {
		t.Error("the image runs as root")
	}
}

// composeFile is what the tests look at in compose.yaml.
type composeFile struct {
	Services map[string]struct {
		Image       string
		Environment map[string]string
		EnvFile     []struct{ Path string } `yaml:"env_file"`
		Secrets     []string
		Ports       []string
	}
	Secrets map[string]struct{ File string }
}

func readCompose(t *testing.T) (c composeFile) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readFile(t, "deploy/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(pattern, err)
	}
	return files
}

// variables are those that a unit or a Dockerfile sets, or offers in a comment.
func variables(t *testing.T, name string) (names []string) {
	t.Helper()
	for line := range strings.Lines(readFile(t, name)) {
		line = strings.TrimPrefix(line, "#")
		pairs, ok := strings.CutPrefix(line, "Environment=")
		if !ok {
			pairs, ok = strings.CutPrefix(line, "ENV ")
		}
		if !ok {
			continue
		}
		for pair := range strings.FieldsSeq(pairs) {
			name, _, _ := strings.Cut(pair, "=")
			names = append(names, name)
		}
	}
	return names
}
