package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"yinju/bot"
)

// Scope is what a key is for.
type Scope string

// The scopes.
const (
	AskScope   Scope = "ask"   // questions, search, articles
	AdminScope Scope = "admin" // figures, and to begin an ingest
)

// Key lets one client in. Of the key itself there is its hash only.
type Key struct {
	Name   string
	Scopes []Scope
	Hash   [sha256.Size]byte
}

// caller is who makes a request, as limits and feedback name it: the name of a key, or an address.
type callerKey struct{}

func caller(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// needs lets a request through that has a key with the scope. Where there are no keys, those of this machine are let
// through, if they are for this machine by name: a page of another site that has its name lead here cannot read.
func (s server) needs(scope Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := s.admit(r, scope)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, name)))
	})
}

// admit gives the caller's name, or a *Problem.
func (s server) admit(r *http.Request, scope Scope) (string, error) {
	lang := s.lang(r)
	keys := s.keys()
	if len(keys) == 0 {
		if !isHere(r.Host) {
			return "", fault(http.StatusForbidden, lang.Say("没有设 API_KEYS，只应答本机的名字与地址（localhost、127.0.0.1）。",
				"Without API_KEYS only names and addresses of this machine are answered (localhost, 127.0.0.1)."))
		}
		if isPassedOn(r) {
			return "", fault(http.StatusForbidden, lang.Say("没有设 API_KEYS，只应答本机，不应答代理转来的请求：请设 API_KEYS。",
				"Without API_KEYS only this machine is answered, and nothing that a proxy passes on: set API_KEYS."))
		}
		if s.isOfAnotherSite(r) {
			return "", s.otherSite(r)
		}
		return addressOf(r), nil
	}
	key, ok := find(keys, bot.PresentedKey(r))
	switch {
	case !ok:
		return "", fault(http.StatusUnauthorized, lang.Say("需要密钥：用 Authorization: Bearer 或 X-API-Key 送来。",
			"A key is needed: send it as Authorization: Bearer or X-API-Key."))
	case !slices.Contains(key.Scopes, scope):
		return "", fault(http.StatusForbidden, lang.Say("这个密钥不能做这件事，需要的权限：", "This key is not for that. The scope that is needed: ")+string(scope))
	}
	return key.Name, nil
}

func (s server) keys() []Key {
	if s.Keys == nil {
		return nil
	}
	return s.Keys()
}

// find compares a key with all that there are: how long it takes tells nothing.
func find(keys []Key, presented string) (found Key, ok bool) {
	hash := sha256.Sum256([]byte(presented))
	for _, k := range keys {
		if subtle.ConstantTimeCompare(hash[:], k.Hash[:]) == 1 {
			found, ok = k, true
		}
	}
	return found, ok
}

// isHere says whether a request's Host is a name or an address of this machine.
func isHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// isPassedOn says whether a request comes by a proxy: it may be anybody's, though it comes from this machine.
func isPassedOn(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via", "Cf-Connecting-Ip"}, func(name string) bool {
		return r.Header.Get(name) != ""
	})
}

// addressOf is where a request comes from, without the port.
func addressOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// sameOrigin refuses requests of pages of other sites, but of those that are listed: the Model Context Protocol asks for it.
func (s server) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isOfAnotherSite(r) {
			s.problem(w, r, s.otherSite(r))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOfAnotherSite says whether a page that is neither ours nor listed made a request. Without keys that is refused: such
// a page cannot read the response, but would have this machine work. Links that lead to a reading page are followed; those
// to the API are not, for a browser may follow them before anybody has clicked.
func (s server) isOfAnotherSite(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" {
		u, err := url.Parse(origin)
		return (err != nil || u.Host != r.Host) && !slices.Contains(s.Origins, origin)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	isLink := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	mayFollow := isLink && strings.HasPrefix(r.URL.Path, "/articles/")
	return (site == "cross-site" || site == "same-site") && !mayFollow
}

func (s server) otherSite(r *http.Request) error {
	return fault(http.StatusForbidden, s.lang(r).Say("别的网站的网页不能用这个地址，除非列在 CORS_ORIGINS 里。", "Pages of other sites may not use this, unless CORS_ORIGINS lists them."))
}
