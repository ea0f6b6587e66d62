package config

import (
	"strings"
	"testing"
	"time"
)

func TestCorpusSettings(t *testing.T) {
	t.Parallel()
	c, err := Load(env())
	if err != nil || c.Settle != 2*time.Second || c.MaxRemoved != 0.5 {
		t.Errorf("by default: %+v, %v", c, err)
	}
	c, err = Load(env("REINGEST_SETTLE", "0s", "REINGEST_MAX_REMOVED", "1", "S3_ENDPOINT", "https://s3.example.org:9000", "S3_REGION", "r", "S3_ACCESS_KEY_ID", "id", "S3_SECRET_ACCESS_KEY", "hunter2"))
	want := S3{Endpoint: "https://s3.example.org:9000", Region: "r", AccessKey: "id", SecretKey: "hunter2"}
	if err != nil || c.Settle != 0 || c.MaxRemoved != 1 || c.S3 != want {
		t.Errorf("%+v, %v", c.S3, err)
	}
	for name, values := range map[string][]string{
		"REINGEST_SETTLE": {"-1s", "11m", "soon"}, "REINGEST_MAX_REMOVED": {"NaN", "1.1", "-0.1", "50%"},
		"S3_ENDPOINT": {"s3.example.org", "ftp://h", "https://u:hunter2@h", "https://h/path", "https://h?x=hunter2"},
	} {
		for _, v := range values {
			if _, err := Load(env(name, v)); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s=%s: %v", name, v, err)
			}
		}
	}
}

// Half of a key would be taken for none, and a bucket be asked without a name.
func TestAKeyOfABucketIsWhole(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"} {
		if _, err := Load(env(name, "x")); err == nil || !strings.Contains(err.Error(), "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY") {
			t.Errorf("%s alone: %v", name, err)
		}
	}
}
