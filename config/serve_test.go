package config

import (
	"strings"
	"testing"
)

// Nothing that is not said may be seen from another machine.
func TestWhatListensIsLocalUnlessSet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ value, want string }{
		{"", "127.0.0.1:8080"}, {"off", ""}, {":8080", ":8080"}, {"[::1]:0", "[::1]:0"}, {"localhost:65535", "localhost:65535"},
	} {
		if c, err := Load(env("LISTEN_ADDR", tc.value)); err != nil || c.ListenAddr != tc.want {
			t.Errorf("%q: %q, %v", tc.value, c.ListenAddr, err)
		}
	}
	for _, bad := range []string{"8080", "127.0.0.1", "h:http", "h:65536", "h:-1", "::1:80", "http://h:80"} {
		if _, err := Load(env("LISTEN_ADDR", bad)); err == nil || !strings.HasPrefix(err.Error(), "LISTEN_ADDR: want") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPublicAddressIsOneThatPathsCanFollow(t *testing.T) {
	t.Parallel()
	if c, err := Load(env("PUBLIC_URL", "https://a.example/yinju/")); err != nil || c.PublicURL != "https://a.example/yinju" {
		t.Errorf("%q, %v", c.PublicURL, err)
	}
	for _, bad := range []string{"a.example", "ftp://a.example", "https://", "https://a/?x", "https://a/#x", "https://u:hunter2@a", "javascript:alert(1)"} {
		_, err := Load(env("PUBLIC_URL", bad))
		if err == nil || !strings.HasPrefix(err.Error(), "PUBLIC_URL: want") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
