package config

import "log/slog"

// Secret is a text that is never printed: not by fmt, slog or encoding/json. Reveal gives it out.
type Secret string

const hidden = "[hidden]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encoders, also inside a struct.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
