package paxos

import (
	"context"
	"net/http"
)

// ListProfiles returns the ids of the profiles that the bearer token's client sees,
// the first hundred of them: enough to tell one Entity from another
// (docs.paxos.com/api-reference/endpoints/profiles). The token needs
// funding:read_profile.
func (c *Connection) ListProfiles(ctx context.Context, bearer Secret) ([]string, error) {
	const listing = "listing profiles"
	req, err := c.apiRequest(ctx, http.MethodGet, "/profiles?limit=100", bearer)
	if err != nil {
		return nil, c.failure(ctx, listing, c.settings.APIURL, err)
	}
	var page struct {
		Items *[]*struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := c.do(req, listing, &page); err != nil {
		return nil, err
	}
	if page.Items == nil { // none at all is something else than no answer
		return nil, malformed(listing, req.URL.Host)
	}
	var ids []string
	for _, profile := range *page.Items {
		if profile == nil || profile.ID == "" {
			return nil, malformed(listing, req.URL.Host)
		}
		if len(profile.ID) <= 64 {
			ids = append(ids, profile.ID)
		}
	}
	return ids, nil
}
