package config

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// S3 is how a bucket is reached that CORPUS_DIR names.
type S3 struct {
	Endpoint, Region, AccessKey string
	SecretKey                   Secret
}

const (
	defaultSettle     = 2 * time.Second
	mostSettle        = 10 * time.Minute
	defaultMaxRemoved = 0.5
)

var corpusKeys = []key{
	{"REINGEST_SETTLE", false, func(c *Config, v string) error { return duration(&c.Settle, v, 0, mostSettle) }},
	{"REINGEST_MAX_REMOVED", false, func(c *Config, v string) error {
		share, err := strconv.ParseFloat(v, 64)
		if err != nil || !(share >= 0 && share <= 1) {
			return errors.New("want a share from 0 to 1, such as 0.5")
		}
		c.MaxRemoved = share
		return nil
	}},
	{"S3_ENDPOINT", false, setEndpoint},
	{"S3_REGION", false, text(func(c *Config) *string { return &c.S3.Region })},
	{"S3_ACCESS_KEY_ID", false, text(func(c *Config) *string { return &c.S3.AccessKey })},
	{"S3_SECRET_ACCESS_KEY", true, func(c *Config, v string) error { c.S3.SecretKey = Secret(v); return nil }},
}

func setEndpoint(c *Config, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("want http(s)://HOST[:PORT] without more")
	}
	c.S3.Endpoint = v
	return nil
}
