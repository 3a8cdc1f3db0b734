package paxos

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// A Grant is the reply of the token endpoint (RFC 6749, section 5.1). Nothing in it was checked yet:
// the caller compares it with what it asked for.
type Grant struct {
	ClientID    string // of the client that requested it
	AccessToken Secret
	TokenType   string
	// Scopes are those that the reply names. Nil means that it names none, which stands for those
	// that were requested; empty means that it names an empty list, or one that cannot be read.
	Scopes []string
	// RequestedAt is the time just before the request was sent. A lifetime that is counted from then on
	// never ends too late.
	RequestedAt time.Time
	Lifetime    time.Duration // from expires_in; 0 if the reply has none that can be read; may be negative
}

// Bearer returns the access token as requests to the API carry it.
func (g Grant) Bearer() Bearer { return Bearer{ClientID: g.ClientID, Token: g.AccessToken} }

// What an Error of Mint says the call was for.
const requesting = "requesting an access token"

// RequestToken requests an access token by the client credentials grant (RFC 6749, section 4.4). Paxos
// allows 300 such requests per IP address in five minutes and then bans the address for a time, so
// the caller must count them. The error is an *Error. If it is the refusal of a scope, its Scopes
// are those that Paxos names.
func (c *Client) RequestToken(ctx context.Context, scopes []string) (Grant, error) {
	style := oauth2.AuthStyleInParams
	if c.connection.settings.AuthStyle == AuthBasic {
		style = oauth2.AuthStyleInHeader
	}
	config := clientcredentials.Config{
		ClientID:     c.id,
		ClientSecret: c.secret.Reveal(),
		TokenURL:     c.connection.settings.TokenURL,
		Scopes:       scopes,
		AuthStyle:    style, // with the zero value, the library would send a refused request twice
	}
	client := *c.connection.http
	client.Transport = tokenTransport{client.Transport}
	asked := c.connection.now()
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, &client))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		failed := c.attribute(refusal(requesting, refused.Response, refused.ErrorCode, c.connection.now()))
		if failed.Code == "invalid_scope" {
			failed.Scopes = named(scopes, refused.Body)
		}
		return Grant{}, failed
	case err != nil:
		return Grant{}, c.attribute(c.connection.failure(ctx, requesting, config.TokenURL, err))
	}
	grant := Grant{ClientID: c.id, AccessToken: Hide(token.AccessToken), TokenType: token.TokenType,
		RequestedAt: asked}
	switch granted := token.Extra("scope").(type) {
	case nil:
	case string:
		grant.Scopes = strings.Fields(granted)
	default:
		grant.Scopes = []string{}
	}
	if seconds, ok := token.Extra("expires_in").(float64); ok {
		const century = 100 * 365 * 24 * 60 * 60 // so that the product does not overflow; no caller accepts as much
		grant.Lifetime = time.Duration(max(-century, min(seconds, century))) * time.Second
	}
	return grant, nil
}

// What an Error of Revoke says the call was for.
const revoking = "revoking an access token"

// Revoke revokes a token that this client requested (RFC 7009, section 2). A nil error does not prove
// that the token has ended: the endpoint also answers 200 for a token that it does not know and for a
// token of another client, which stays valid. Any other error than nil is an *Error.
func (c *Client) Revoke(ctx context.Context, token Secret) error {
	form := url.Values{"token": {token.Reveal()}, "token_type_hint": {"access_token"}}
	basic := c.connection.settings.AuthStyle == AuthBasic
	if !basic {
		form.Set("client_id", c.id)
		form.Set("client_secret", c.secret.Reveal())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.connection.settings.RevokeURL,
		strings.NewReader(form.Encode()))
	if err != nil {
		return c.connection.failure(ctx, revoking, c.connection.settings.RevokeURL, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		req.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret.Reveal())) // RFC 6749, section 2.3.1
	}
	err = c.connection.do(req, revoking, nil)
	var refused *Error
	if errors.As(err, &refused) {
		return c.attribute(refused)
	}
	return err
}
