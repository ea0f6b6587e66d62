package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// HTTP is who may use the API, and how far.
type HTTP struct {
	Keys        []APIKey // none: only this machine may use it
	KeysFile    string   // the file that they were read from, to be read again when it changes; "": they are of the environment
	AskTimeout  time.Duration
	Concurrency int      // questions at once
	Rate        int      // questions of a key a minute
	Origins     []string // of pages elsewhere that may use it from a browser
}

// APIKey lets one client use the API. The key itself is not kept.
type APIKey struct {
	Name       string
	Ask, Admin bool // what it is for
	Hash       [sha256.Size]byte
}

var httpKeys = []key{
	{"API_KEYS", true, func(c *Config, v string) (err error) { c.HTTP.Keys, err = ParseAPIKeys(v); return err }},
	{"HTTP_ASK_TIMEOUT", false, func(c *Config, v string) error { return duration(&c.HTTP.AskTimeout, v, time.Second, time.Hour) }},
	{"HTTP_CONCURRENCY", false, func(c *Config, v string) error { return whole(&c.HTTP.Concurrency, v, 1, 10_000) }},
	{"HTTP_RATE", false, func(c *Config, v string) error { return whole(&c.HTTP.Rate, v, 1, 1_000_000) }},
	{"CORS_ORIGINS", false, setOrigins},
}

// httpDefaults are the settings where nothing is set.
func httpDefaults() HTTP { return HTTP{AskTimeout: 3 * time.Minute, Concurrency: 64, Rate: 600} }

const (
	leastKey = 24 // characters
	mostKey  = 256
	mostKeys = 1000
)

var keyName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ParseAPIKeys reads name:scope+scope:key, one a line or with commas between; empty lines and those that begin with #
// are none. Two keys may have one name: while one is replaced by the other, both are taken. No error repeats a key.
func ParseAPIKeys(text string) ([]APIKey, error) {
	var all []APIKey
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			k, err := parseAPIKey(part)
			if err != nil {
				return nil, fmt.Errorf("key %d: %w", len(all)+1, err)
			}
			if slices.ContainsFunc(all, func(other APIKey) bool { return other.Hash == k.Hash }) {
				return nil, fmt.Errorf("key %d: it is there before", len(all)+1)
			}
			all = append(all, k)
		}
	}
	if len(all) == 0 || len(all) > mostKeys {
		return nil, fmt.Errorf("want 1 to %d keys", mostKeys)
	}
	return all, nil
}

func parseAPIKey(text string) (k APIKey, err error) {
	name, rest, _ := strings.Cut(text, ":")
	scopes, secret, ok := strings.Cut(rest, ":")
	if !ok {
		return k, errors.New("want name:scopes:key, such as reading-room:ask:…")
	}
	if !keyName.MatchString(name) {
		return k, errors.New("want a name of 1 to 64 letters of A-Z, a-z, 0-9, _ and -")
	}
	k.Name, k.Hash = name, sha256.Sum256([]byte(secret))
	for scope := range strings.SplitSeq(scopes, "+") {
		switch scope {
		case "ask":
			k.Ask = true
		case "admin":
			k.Admin = true
		default:
			return k, fmt.Errorf("%s: want the scopes ask or admin, or ask+admin", name)
		}
	}
	if len(secret) < leastKey || len(secret) > mostKey || strings.ContainsFunc(secret, func(r rune) bool { return r > '~' || !unicode.IsGraphic(r) || r == ' ' }) {
		return k, fmt.Errorf("%s: want a key of %d to %d visible ASCII characters, such as `openssl rand -hex 24` makes", name, leastKey, mostKey)
	}
	return k, nil
}

// setOrigins takes origins as browsers send them: scheme and host, and nothing behind.
func setOrigins(c *Config, v string) error {
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		u, err := url.Parse(part)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || part != u.Scheme+"://"+strings.ToLower(u.Host) {
			return errors.New("want origins with commas between, in small letters and without a path, such as https://desk.example.org")
		}
		c.HTTP.Origins = append(c.HTTP.Origins, part)
	}
	return nil
}
