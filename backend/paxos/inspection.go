package paxos

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Inspection is what a call without side effects shows about the API and about a token.
type Inspection struct {
	Accepted bool // the API accepts the token
	// ClockAhead is how far Paxos's clock is ahead of this machine's, in whole seconds; negative if it
	// is behind, 0 if the reply has no Date.
	ClockAhead       time.Duration
	RateLimitHeaders []string // the names of headers that seem to be about rate limits, sorted, at most 8
}

// Inspect requests a list of profiles (ListProfiles in
// https://docs.paxos.com/api-reference/endpoints/profiles), for which the token needs
// funding:read_profile, and looks at the status and the headers of the reply. A reply with status 401
// is not an error: it says that the token is not accepted. It is an error if it speaks of the signature
// of the request, because then it says nothing about the token.
func (c *Connection) Inspect(ctx context.Context, bearer Bearer) (Inspection, error) {
	const inspecting = "inspecting the API"
	req, err := c.apiRequest(ctx, inspecting, http.MethodGet, "/profiles?limit=1", bearer, nil)
	if err != nil {
		return Inspection{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Inspection{}, c.failure(ctx, inspecting, c.settings.APIURL, err)
	}
	defer resp.Body.Close() // it is in memory
	found := Inspection{Accepted: resp.StatusCode == http.StatusOK, RateLimitHeaders: rateLimitHeaders(resp.Header)}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		found.ClockAhead = at.Sub(c.now().Truncate(time.Second))
	}
	if found.Accepted {
		return found, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return found, c.failure(ctx, inspecting, c.settings.APIURL, err)
	}
	if e := c.refused(inspecting, resp, body); e.Status != http.StatusUnauthorized || e.Signature.Certain() {
		return found, bearer.attribute(e)
	}
	return found, nil
}

// Accepts reports whether the API accepts a token of any client, with any scopes. It needs one call to
// the API. A reply with status 403 means yes: the token is valid, and lacks a scope or was sent from
// an IP address that is not allowed. Only status 401 means no. Every other reply says nothing about
// the token and is an error, and so does one that speaks of the signature of the request.
func (c *Client) Accepts(ctx context.Context, bearer Bearer) (bool, error) {
	found, err := c.connection.Inspect(ctx, bearer)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusForbidden && !answer.Signature.Certain() {
		return true, nil
	}
	return found.Accepted, err
}

// rateLimitHeaders returns the sorted names of the headers that seem to be about rate limits. A name is
// text of the other side, so only a few that are short and plain are returned.
func rateLimitHeaders(header http.Header) []string {
	const most, longest = 8, 40
	names := []string{}
	for name := range header {
		lower := strings.ToLower(name)
		if (strings.Contains(lower, "ratelimit") || strings.Contains(lower, "rate-limit") ||
			lower == "retry-after") && len(name) <= longest && plain(lower) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), most)]
}

// plain reports whether a name consists of lower-case letters, digits and hyphens.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
