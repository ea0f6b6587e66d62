package bot

import (
	"net/http"
	"strings"
)

// PresentedKey is the API key that a request brings, as X-API-Key or as a bearer's; "" for none. Nothing is checked by it.
func PresentedKey(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}
