package paxos

import (
	"context"
	"net/http"
)

// ListProfiles returns the ids of the profiles that the bearer token may see
// (https://docs.paxos.com/api-reference/endpoints/profiles). The token needs funding:read_profile. It
// returns the first hundred only, which is enough to tell one Paxos Entity from another.
func (c *Connection) ListProfiles(ctx context.Context, bearer Bearer) ([]string, error) {
	const doing = "listing profiles"
	req, err := c.apiRequest(ctx, doing, http.MethodGet, "/profiles?limit=100", bearer, nil)
	if err != nil {
		return nil, err
	}
	var page struct {
		Items *[]*struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := c.do(req, doing, &page); err != nil {
		return nil, bearer.attribute(err)
	}
	if page.Items == nil { // the member is missing, which is not an empty list
		return nil, malformed(doing, req.URL.Host)
	}
	var ids []string
	for _, profile := range *page.Items {
		if profile == nil || profile.ID == "" {
			return nil, malformed(doing, req.URL.Host)
		}
		if len(profile.ID) <= 64 {
			ids = append(ids, profile.ID)
		}
	}
	return ids, nil
}
