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

// A Credential is a Paxos API client as the API lists it (FirstPartyClient in
// https://docs.paxos.com/api-reference/endpoints/api-credentials). Every field may be missing there,
// and is then the zero value. The API never shows a secret.
type Credential struct {
	ID                    string      `json:"id"`
	CustomerID            string      `json:"customer_id"` // the id of the Paxos Entity
	ClientID              string      `json:"client_id"`
	Label                 string      `json:"nickname"`
	Status                string      `json:"status"` // StatusApproved or StatusDisabled
	Scopes                []string    `json:"client_scopes"`
	IPAllowlist           []string    `json:"ip_allowlist"`
	EnforceRequestSigning bool        `json:"enforce_request_signing"`
	PublicKeys            []PublicKey `json:"client_public_keys"`
	CreatedAt             time.Time   `json:"created_at,omitzero"`
	UpdatedAt             time.Time   `json:"updated_at,omitzero"`
}

// A PublicKey is the public half of a request-signing key that is registered for a Credential.
type PublicKey struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	PublicKey string `json:"public_key"`
	Active    bool   `json:"active"`
	Label     string `json:"nickname"`
}

// The two statuses of a Credential.
const (
	StatusApproved = "APPROVED"
	StatusDisabled = "DISABLED"
)

// pageSize is how many credentials are requested at a time. A credential that has every known scope
// takes 3 KiB, so a page stays below maximumReply.
const pageSize = 16

// maximumPages ends a list in which every page names a next one.
const maximumPages = 200

// What an Error of a list says the call was for.
const listing = "listing API credentials"

// ListCredentials returns every credential of the Paxos Entity that has one of the statuses, or any
// status if none is given (ListApiCredentials in
// https://docs.paxos.com/api-reference/endpoints/api-credentials). The bearer token needs
// api_creds:read_credentials. Each page is requested through paced, which may wait first. A list that
// does not have the documented form, or that holds credentials of more than one Entity, is an error,
// because nothing can be concluded from it.
func (c *Connection) ListCredentials(ctx context.Context, bearer Bearer, paced Pacer,
	statuses ...string) ([]Credential, error) {
	if len(statuses) == 0 {
		statuses = []string{StatusApproved, StatusDisabled}
	}
	return c.listCredentials(ctx, bearer, paced, url.Values{"statuses": statuses})
}

// MaximumClientIDs is how many Client IDs one call may ask for.
const MaximumClientIDs = 100

// FindCredentials returns those of the credentials with these Client IDs, at most MaximumClientIDs, that Paxos
// has, in any status. A reply with a credential that was not asked for is an error. Otherwise it is
// like ListCredentials.
func (c *Connection) FindCredentials(ctx context.Context, bearer Bearer, paced Pacer,
	clientIDs ...string) ([]Credential, error) {
	if len(clientIDs) == 0 || len(clientIDs) > MaximumClientIDs {
		return nil, &Error{Doing: listing,
			Reason: fmt.Sprintf("between 1 and %d Client IDs can be looked up at once", MaximumClientIDs)}
	}
	found, err := c.listCredentials(ctx, bearer, paced,
		url.Values{"statuses": {StatusApproved, StatusDisabled}, "client_ids": clientIDs})
	if err != nil {
		return nil, err
	}
	for _, credential := range found {
		if !slices.Contains(clientIDs, credential.ClientID) {
			return nil, malformedList("the list has a credential that was not requested")
		}
	}
	return found, nil
}

// listCredentials requests a list page by page.
func (c *Connection) listCredentials(ctx context.Context, bearer Bearer, paced Pacer,
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

// A Pacer runs one call to the API, waiting first if calls must be spread over time. It returns the
// error of the call, or its own if the call was not made.
type Pacer func(ctx context.Context, call func(context.Context) error) error

// malformedList returns the error for a list that nothing can be concluded from.
func malformedList(reason string) error {
	return &Error{Doing: listing, Reason: reason, Malformed: true}
}

// A credentialPage is one reply of a list. Items is a pointer, to tell a reply without the member from
// one with an empty list.
type credentialPage struct {
	Items *[]*Credential `json:"items"`
	Next  string         `json:"next_page_cursor"`
}

// appendTo adds the page to the credentials before it. It checks that they form one list: every
// credential has a Client ID that none before it has, and all are of one Entity.
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

// credentialPage requests one page.
func (c *Connection) credentialPage(ctx context.Context, bearer Bearer,
	query url.Values) (page credentialPage, err error) {
	req, err := c.apiRequest(ctx, listing, http.MethodGet, "/api-creds/credentials?"+query.Encode(), bearer, nil)
	if err != nil {
		return page, err
	}
	err = bearer.attribute(c.do(req, listing, &page))
	return page, err
}

// DeleteCredential deletes a credential at Paxos, which cannot be undone (DeleteApiCredentials in
// https://docs.paxos.com/api-reference/endpoints/api-credentials). The bearer token needs
// api_creds:delete_credentials. The caller must have verified that the client is its own: this
// function deletes whatever it is told to.
func (c *Connection) DeleteCredential(ctx context.Context, bearer Bearer, clientID string) error {
	const deleting = "deleting an API credential"
	if strings.Trim(clientID, ".") == "" && len(clientID) <= len("..") { // the path would name the list, or its parent
		return &Error{Doing: deleting, Reason: "this Client ID cannot be part of a path"}
	}
	req, err := c.apiRequest(ctx, deleting, http.MethodDelete, "/api-creds/credentials/"+url.PathEscape(clientID),
		bearer, nil)
	if err != nil {
		return err
	}
	var reply struct {
		Credentials *Credential `json:"credentials"`
	}
	if err := c.do(req, deleting, &reply); err != nil {
		return bearer.attribute(err)
	}
	if reply.Credentials == nil || reply.Credentials.ClientID != clientID {
		return &Error{Doing: deleting,
			Reason:    "the reply does not name the deleted credential, so it is not known whether it was deleted",
			Malformed: true}
	}
	return nil
}
