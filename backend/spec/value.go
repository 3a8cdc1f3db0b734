package spec

import "time"

// Seconds is how answers hold durations.
func Seconds(d time.Duration) int64 { return int64(d / time.Second) }

// Timestamp is how answers hold times (RFC 3339), "" for the zero time.
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
