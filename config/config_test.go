package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestLoadReportsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(env("EMBED_WORKERS", "many", "YINJU_LANG", "fr", "LOG_LEVEL", "loud", "DATABASE_URL_FILE", "/nowhere/url", "ARTICLE_DELIMITER", "(("))
	for _, name := range []string{"ARTICLE_DELIMITER", "EMBED_WORKERS", "YINJU_LANG", "LOG_LEVEL", "DATABASE_URL"} {
		if err == nil || !strings.Contains(err.Error(), name+":") {
			t.Errorf("error does not name %s: %v", name, err)
		}
	}
}

func TestDelimiterMatchesWholeLinesAndNeverEmptyOnes(t *testing.T) {
	t.Parallel()
	c, err := Load(env("ARTICLE_DELIMITER", "=+|★{3}"))
	if err != nil || !c.ArticleDelimiter.MatchString("====") || c.ArticleDelimiter.MatchString("== a") || c.ArticleDelimiter.MatchString("a ★★★") {
		t.Errorf("%v, %v", c.ArticleDelimiter, err)
	}
	if c, err := Load(env()); err != nil || c.ArticleDelimiter != nil {
		t.Errorf("without the key: %v, %v", c.ArticleDelimiter, err)
	}
	for _, bad := range []string{"=*", "a)|(b", "|x"} {
		if _, err := Load(env("ARTICLE_DELIMITER", bad)); err == nil || !strings.Contains(err.Error(), "ARTICLE_DELIMITER:") {
			t.Errorf("%q was taken: %v", bad, err)
		}
	}
}

func TestLanguageFollowsTheLocaleUnlessSet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		env  []string
		want Lang
	}{
		{nil, Chinese},
		{[]string{"LANG", "C.UTF-8"}, Chinese},
		{[]string{"LANG", "en_US.UTF-8"}, English},
		{[]string{"LC_ALL", "zh_CN.UTF-8", "LANG", "en_US.UTF-8"}, Chinese},
		{[]string{"LANG", "en_US.UTF-8", "YINJU_LANG", "zh"}, Chinese},
	} {
		if c, err := Load(env(tc.env...)); err != nil || c.Lang != tc.want {
			t.Errorf("%v: got %q, %v, want %q", tc.env, c.Lang, err, tc.want)
		}
	}
}

func TestSecretIsReadFromAFileAndNeverPrinted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("postgres://u:hunter2@h/db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(env("DATABASE_URL_FILE", file))
	if err != nil || c.DatabaseURL.Reveal() != "postgres://u:hunter2@h/db" {
		t.Fatalf("got %q, %v", c.DatabaseURL.Reveal(), err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "url", c.DatabaseURL)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %s %s", c, c, c, c.DatabaseURL, log.String(), asJSON)
	if strings.Contains(printed, "hunter2") {
		t.Errorf("the secret was printed: %s", printed)
	}
	if _, err := Load(env("DATABASE_URL_FILE", file, "DATABASE_URL", "x")); err == nil {
		t.Error("both DATABASE_URL and DATABASE_URL_FILE were taken")
	}
}

// The example file is what people copy: it must list the very keys that are read.
func TestEnvExampleListsEveryKey(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z0-9_]+)=`).FindAllStringSubmatch(string(raw), -1) {
		listed = append(listed, m[1])
	}
	want := Keys()
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf(".env.example lists\n%v\nconfig reads\n%v", listed, want)
	}
}
