package spec

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Seconds is how answers hold durations.
func Seconds(d time.Duration) int64 { return int64(d / time.Second) }

// Timestamp is how answers hold times (RFC 3339), "" for the zero time.
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Warned is an answer that holds nothing but warnings, nil if there are none.
func Warned(warnings ...string) *logical.Response {
	if len(warnings) == 0 {
		return nil
	}
	return &logical.Response{Warnings: warnings}
}
