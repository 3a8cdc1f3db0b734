package paxos

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Credential is a Paxos API client as the credentials API shows it
// (FirstPartyClient; docs.paxos.com/api-reference/endpoints/api-credentials). All
// fields are optional there, and it never shows a secret.
type Credential struct {
	ID                    string      `json:"id"`
	CustomerID            string      `json:"customer_id"` // the Entity
	ClientID              string      `json:"client_id"`
	Label                 string      `json:"nickname"`
	Status                string      `json:"status"` // APPROVED or DISABLED
	Scopes                []string    `json:"client_scopes"`
	IPAllowlist           []string    `json:"ip_allowlist"`
	EnforceRequestSigning bool        `json:"enforce_request_signing"`
	PublicKeys            []PublicKey `json:"client_public_keys"`
	CreatedAt             time.Time   `json:"created_at,omitzero"`
	UpdatedAt             time.Time   `json:"updated_at,omitzero"`
}

// A PublicKey is a request-signing key registered for a Credential.
type PublicKey struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	PublicKey string `json:"public_key"`
	Active    bool   `json:"active"`
	Label     string `json:"nickname"`
}

// The two states of a Credential.
const (
	StatusApproved = "APPROVED"
	StatusDisabled = "DISABLED"
)

// pageSize keeps a page of credentials within the cap on replies: one that holds
// every scope of the catalogue has 3 KiB.
const pageSize = 16

// maximumPages ends a listing whose cursor never does.
const maximumPages = 200

const listing = "listing API credentials"

// ListCredentials returns every credential of the Entity in the given states, all
// states when none is given. The bearer token needs api_creds:read_credentials. Each
// page is asked for through paced, which may wait first. A list that is not what the
// documentation says, or that is of more than one Entity, is an error: it proves nothing.
func (c *Connection) ListCredentials(ctx context.Context, bearer Secret, paced Pacer,
	statuses ...string) ([]Credential, error) {
	if len(statuses) == 0 {
		statuses = []string{StatusApproved, StatusDisabled}
	}
	return c.listCredentials(ctx, bearer, paced, url.Values{"statuses": statuses})
}

// MostAsked is how many Client IDs may be asked after in one call.
const MostAsked = 100

// FindCredentials asks after credentials by their Client IDs, at most MostAsked, in all states. It
// returns those that Paxos has. An answer with one that was not asked for is an error.
func (c *Connection) FindCredentials(ctx context.Context, bearer Secret, paced Pacer,
	clientIDs ...string) ([]Credential, error) {
	if len(clientIDs) == 0 || len(clientIDs) > MostAsked {
		return nil, &Error{Doing: listing,
			Reason: fmt.Sprintf("between 1 and %d Client IDs can be asked after at once", MostAsked)}
	}
	found, err := c.listCredentials(ctx, bearer, paced,
		url.Values{"statuses": {StatusApproved, StatusDisabled}, "client_ids": clientIDs})
	if err != nil {
		return nil, err
	}
	for _, credential := range found {
		if !slices.Contains(clientIDs, credential.ClientID) {
			return nil, malformedList("the list has a credential that was not asked for")
		}
	}
	return found, nil
}

// listCredentials reads a list page by page.
func (c *Connection) listCredentials(ctx context.Context, bearer Secret, paced Pacer,
	query url.Values) ([]Credential, error) {
	query.Set("limit", strconv.Itoa(pageSize))
	var all []Credential
	for range maximumPages {
		var page credentialPage
		err := paced(ctx, func(ctx context.Context) (err error) {
			page, err = c.credentialPage(ctx, bearer, query)
			return err
		})
		if err != nil {
			return nil, err
		}
		if all, err = page.appendTo(all); err != nil {
			return nil, err
		}
		if page.Next == "" {
			return all, nil
		}
		query.Set("page_cursor", page.Next)
	}
	return nil, malformedList("the list does not end")
}

// A Pacer makes one call of the API when its turn comes.
type Pacer func(ctx context.Context, call func(context.Context) error) error

// malformedList is the error for a list that proves nothing.
func malformedList(reason string) error {
	return &Error{Doing: listing, Reason: reason + ", so it proves nothing", Malformed: true}
}

// A credentialPage is one reply of the list. Items is a pointer, because a reply without items is
// not one whose items are none.
type credentialPage struct {
	Items *[]*Credential `json:"items"`
	Next  string         `json:"next_page_cursor"`
}

// appendTo adds the page to those before it, if it belongs there: each credential has a Client ID
// that none before it has, and all are of one Entity.
func (p credentialPage) appendTo(all []Credential) ([]Credential, error) {
	if p.Items == nil {
		return nil, malformedList("the reply has no items")
	}
	seen, entity := map[string]bool{}, ""
	for _, credential := range all {
		seen[credential.ClientID] = true
		entity = cmp.Or(entity, credential.CustomerID)
	}
	for _, credential := range *p.Items {
		switch {
		case credential == nil || credential.ClientID == "":
			return nil, malformedList("the list has an item without a client_id")
		case seen[credential.ClientID]:
			return nil, malformedList("the list has a credential twice")
		case entity != "" && credential.CustomerID != "" && credential.CustomerID != entity:
			return nil, malformedList("the list has credentials of two Entities")
		}
		seen[credential.ClientID] = true
		entity = cmp.Or(entity, credential.CustomerID)
		all = append(all, *credential)
	}
	if len(*p.Items) == 0 && p.Next != "" {
		return nil, malformedList("the list has an empty page that is not its last")
	}
	return all, nil
}

// credentialPage asks for one page.
func (c *Connection) credentialPage(ctx context.Context, bearer Secret,
	query url.Values) (page credentialPage, err error) {
	req, err := c.apiRequest(ctx, http.MethodGet, "/api-creds/credentials?"+query.Encode(), bearer)
	if err != nil {
		return page, c.failure(ctx, listing, c.settings.APIURL, err)
	}
	err = c.do(req, listing, &page)
	return page, err
}

// DeleteCredential deletes a credential at Paxos, for good. The bearer token needs
// api_creds:delete_credentials. It does not ask whether that is wise: the caller
// has proved that the client is its own.
func (c *Connection) DeleteCredential(ctx context.Context, bearer Secret, clientID string) error {
	const deleting = "deleting an API credential"
	if strings.Trim(clientID, ".") == "" && len(clientID) <= len("..") { // would name the list, or what is above it
		return &Error{Doing: deleting, Reason: "the client id cannot stand in a path"}
	}
	req, err := c.apiRequest(ctx, http.MethodDelete, "/api-creds/credentials/"+url.PathEscape(clientID), bearer)
	if err != nil {
		return c.failure(ctx, deleting, c.settings.APIURL, err)
	}
	var reply struct {
		Credentials *Credential `json:"credentials"`
	}
	if err := c.do(req, deleting, &reply); err != nil {
		return err
	}
	if reply.Credentials == nil || reply.Credentials.ClientID != clientID {
		return &Error{Doing: deleting,
			Reason:    "the reply does not name the credential that was to be deleted, so it proves nothing",
			Malformed: true}
	}
	return nil
}

// apiRequest builds a call to the Paxos API, path counted from after the version.
func (c *Connection) apiRequest(ctx context.Context, method, path string, bearer Secret) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.settings.APIURL+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+bearer.Reveal())
	req.Header.Set("Accept", "application/json")
	return req, nil
}
