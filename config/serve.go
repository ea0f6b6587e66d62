package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// defaultListenAddr is seen from this machine only.
const defaultListenAddr = "127.0.0.1:8080"

var serveKeys = []key{
	{"LISTEN_ADDR", false, setListenAddr},
	{"PUBLIC_URL", false, setPublicURL},
}

var errUser = errors.New("want no user or password in it")

// setListenAddr takes host:port; without a host, all of the machine's addresses.
func setListenAddr(c *Config, v string) error {
	if v == "off" {
		c.ListenAddr = ""
		return nil
	}
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("want HOST:PORT, such as 127.0.0.1:8080, or off")
	}
	c.ListenAddr = v
	return nil
}

// setPublicURL takes the slash off its end: paths are put behind it.
func setPublicURL(c *Config, v string) error {
	return setPlainAddress(&c.PublicURL, strings.TrimRight(v, "/"))
}

func setPlainAddress(field *string, v string) error {
	u, err := webAddress(v)
	switch {
	case err != nil:
		return err
	case u.User != nil:
		return errUser
	}
	*field = v
	return nil
}

// webAddress does not repeat the address in its errors: what is wrong with it may be a password.
func webAddress(v string) (*url.URL, error) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("want an address that begins with http:// or https://")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, errors.New("want no ? or # in it")
	}
	return u, nil
}

// isLoopback says whether a host is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
