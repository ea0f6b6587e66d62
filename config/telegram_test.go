package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const aToken = "123456:AAhunter2-hunter2_hunter2"

func TestTelegramIsReadAndItsSecretsHidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tokenFile, secretFile := filepath.Join(dir, "token"), filepath.Join(dir, "secret")
	for file, text := range map[string]string{tokenFile: aToken + "\n", secretFile: "hunter2-hunter2_hunter2\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(env(
		"TELEGRAM_BOT_TOKEN_FILE", tokenFile, "TELEGRAM_API_URL", "http://127.0.0.1:8081", "TELEGRAM_ALLOWED_IDS", "7, -1001234567890，8 9",
		"TELEGRAM_ADMIN_IDS", "7", "TELEGRAM_PUBLIC", "true", "TELEGRAM_WEBHOOK_URL", "https://a.example/telegram",
		"TELEGRAM_WEBHOOK_SECRET_FILE", secretFile, "TELEGRAM_RATE_USER", "3", "TELEGRAM_RATE_ALL", "40",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := Telegram{
		Token: aToken, APIURL: "http://127.0.0.1:8081", Allowed: []int64{7, -1001234567890, 8, 9}, Admins: []int64{7}, Public: true,
		WebhookURL: "https://a.example/telegram", WebhookSecret: "hunter2-hunter2_hunter2", PerUser: 3, Overall: 40,
	}
	if !reflect.DeepEqual(c.Telegram, want) {
		t.Errorf("got %+v", c.Telegram)
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, "hunter2") {
		t.Errorf("a secret was printed: %s", printed)
	}
	want = Telegram{APIURL: "https://api.telegram.org", PerUser: 10, Overall: 120}
	if c, err := Load(env()); err != nil || !reflect.DeepEqual(c.Telegram, want) {
		t.Errorf("without keys: %+v, %v", c.Telegram, err)
	}
}

func TestEveryFaultOfTelegramIsNamedWithoutItsText(t *testing.T) {
	t.Parallel()
	valid := []string{
		"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ALLOWED_IDS", "7",
		"TELEGRAM_WEBHOOK_URL", "https://a.example/telegram", "TELEGRAM_WEBHOOK_SECRET", "0123456789abcdef",
	}
	for name, values := range map[string][]string{
		"TELEGRAM_BOT_TOKEN":      {"hunter2", "hunter2:123456789012", ":hunter2hunter2", "1:hunter2", "bot123456:AAhunter2-hunter2_hunter2", "123456:AAhunter2 hunter2_hunter2"},
		"TELEGRAM_API_URL":        {"api.telegram.org", "ftp://h", "https://u:hunter2@h", "https://h/?hunter2", "https://h/#hunter2"},
		"TELEGRAM_ALLOWED_IDS":    {"0", "7,0", "@hunter2", "7;8", ",", "1e3", "9223372036854775808"},
		"TELEGRAM_ADMIN_IDS":      {"-1001234567890", "0", "me", "7 -8"},
		"TELEGRAM_PUBLIC":         {"yes", "1", "TRUE"},
		"TELEGRAM_WEBHOOK_URL":    {"http://a.example/telegram", "http://10.0.0.1/", "https://", "https://u:hunter2@h/", "https://h/?hunter2", "a.example"},
		"TELEGRAM_WEBHOOK_SECRET": {"short-hunter2", strings.Repeat("a", 257), "hunter2 hunter2 hunter2", "hunter2密钥hunter2hunter2"},
		"TELEGRAM_RATE_USER":      {"0", "1001", "-1", "many"},
		"TELEGRAM_RATE_ALL":       {"0", "100001"},
	} {
		for _, value := range values {
			_, err := Load(env(append([]string{name, value}, valid...)...))
			if err == nil || !strings.HasPrefix(err.Error(), name+":") || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

func TestKeysOfTelegramGoTogether(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	for _, tc := range []struct {
		env    []string
		faults []string // how each begins; none: it is right
	}{
		{[]string{"TELEGRAM_BOT_TOKEN", aToken}, []string{"TELEGRAM_BOT_TOKEN: who may ask is not said: set TELEGRAM_ALLOWED_IDS, or TELEGRAM_PUBLIC=true to answer everybody"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_PUBLIC", "false"}, []string{"TELEGRAM_BOT_TOKEN: who may ask"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ALLOWED_IDS", "me"}, []string{"TELEGRAM_ALLOWED_IDS:"}},
		{[]string{"TELEGRAM_ALLOWED_IDS", "7", "TELEGRAM_PUBLIC", "true"}, []string{"TELEGRAM_BOT_TOKEN: unset, so there is no bot, but TELEGRAM_ALLOWED_IDS, TELEGRAM_PUBLIC is set"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_PUBLIC", "true", "TELEGRAM_WEBHOOK_URL", "https://h/t"}, []string{"TELEGRAM_WEBHOOK_SECRET: unset"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_PUBLIC", "true", "TELEGRAM_WEBHOOK_SECRET", secret}, []string{"TELEGRAM_WEBHOOK_URL: unset"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_WEBHOOK_URL", "https://h/t", "LISTEN_ADDR", "off"}, []string{"TELEGRAM_BOT_TOKEN: who may ask", "TELEGRAM_WEBHOOK_SECRET: unset", "TELEGRAM_WEBHOOK_URL: nothing listens"}},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_PUBLIC", "true"}, nil},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ALLOWED_IDS", "7"}, nil},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ADMIN_IDS", "7", "LISTEN_ADDR", "off"}, nil},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ADMIN_IDS", "7", "TELEGRAM_WEBHOOK_URL", "http://[::1]:80/t", "TELEGRAM_WEBHOOK_SECRET", secret}, nil},
		{[]string{"TELEGRAM_BOT_TOKEN", aToken, "TELEGRAM_ADMIN_IDS", "7", "TELEGRAM_WEBHOOK_URL", "http://localhost/t", "TELEGRAM_WEBHOOK_SECRET", secret}, nil},
	} {
		_, err := Load(env(tc.env...))
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if len(got) != len(tc.faults) {
			t.Errorf("%v: %q, want %q", tc.env, got, tc.faults)
			continue
		}
		for i, fault := range tc.faults {
			if !strings.HasPrefix(got[i], fault) {
				t.Errorf("%v: %q, want %q", tc.env, got[i], fault)
			}
		}
	}
}
