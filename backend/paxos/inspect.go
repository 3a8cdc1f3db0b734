package paxos

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Inspection is what one harmless call tells of the API and of a token.
type Inspection struct {
	Accepted bool // the API took the token
	// by how much Paxos's clock is ahead of ours, in whole seconds; 0 where it tells none
	ClockAhead       time.Duration
	RateLimitHeaders []string // the names of the headers that seem to tell of rate limits
}

// Inspect lists profiles and looks at the reply's head. A 401 is no error: the token
// is not accepted. The token needs funding:read_profile.
func (c *Connection) Inspect(ctx context.Context, bearer Secret) (Inspection, error) {
	const inspecting = "inspecting the API"
	req, err := c.apiRequest(ctx, http.MethodGet, "/profiles?limit=1", bearer)
	if err != nil {
		return Inspection{}, c.failure(ctx, inspecting, c.settings.APIURL, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Inspection{}, c.failure(ctx, inspecting, c.settings.APIURL, err)
	}
	defer resp.Body.Close() //nolint:errcheck // the body is in memory
	found := Inspection{Accepted: resp.StatusCode == http.StatusOK, RateLimitHeaders: rateLimitHeaders(resp.Header)}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		found.ClockAhead = at.Sub(c.now().Truncate(time.Second))
	}
	if !found.Accepted && resp.StatusCode != http.StatusUnauthorized {
		return found, refusal(inspecting, resp, "", c.now())
	}
	return found, nil
}

// Accepts asks whether the API takes a token, of any client and with any scopes, by a call that any
// token may make: a 403 says that the token is good and lacks a scope, or comes from another
// address. Only a 401 says that it is not accepted; every other answer says nothing and is an
// error.
func (c *Client) Accepts(ctx context.Context, bearer Secret) (bool, error) {
	found, err := c.connection.Inspect(ctx, bearer)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusForbidden {
		return true, nil
	}
	return found.Accepted, err
}

// rateLimitHeaders returns the names of such headers, in order. A name is the other
// side's text, so only a few short plain ones are repeated.
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

// plain reports whether a header's name is of letters, digits and hyphens.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// WithAuthStyle is the client on a connection that authenticates the other way. The
// caller closes it.
func (c *Client) WithAuthStyle(style AuthStyle) (*Client, func(), error) {
	settings := c.connection.settings
	settings.AuthStyle = style
	other, err := Connect(settings, c.connection.now)
	if err != nil {
		return nil, nil, err
	}
	return other.Client(c.id, c.secret), other.Close, nil
}

// Refused reports whether Paxos answered that it does not know the client, or its
// way to authenticate.
func Refused(err error) bool {
	var answer *Error
	return errors.As(err, &answer) && answer.Code == "invalid_client"
}
