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

// A Client is one Paxos API credential (Client ID and Secret) on a Connection.
type Client struct {
	connection *Connection
	id         string
	secret     Secret
}

// Client returns the client with these credentials. It calls nobody.
func (c *Connection) Client(id string, secret Secret) *Client {
	return &Client{connection: c, id: id, secret: secret}
}

// TokenURL returns where the client mints, which is what its budget goes by.
func (c *Client) TokenURL() string { return c.connection.settings.TokenURL }

// Route names the route that the client's calls take, as [Settings.Route] does. A ban is on a route.
func (c *Client) Route() string { return c.connection.route }

// ID returns the Client ID, which is not a secret.
func (c *Client) ID() string { return c.id }

// A Grant is what the token endpoint said, not yet judged.
type Grant struct {
	AccessToken Secret
	TokenType   string
	// as granted; nil where the reply has none, which means "as requested" (RFC 6749, section 5.1);
	// empty where it is unreadable
	Scopes   []string
	Asked    time.Time     // before the request was sent: a lifetime counted from here is never too long
	Lifetime time.Duration // 0 where the reply names none that can be read; may be negative
}

const minting = "requesting an access token"

// Mint asks for an access token by the client credentials grant (RFC 6749,
// section 4.4). Paxos allows one such call per second and IP address, averaged
// over five minutes, and bans the address after that: the caller keeps count.
func (c *Client) Mint(ctx context.Context, scopes []string) (Grant, error) {
	style := oauth2.AuthStyleInParams
	if c.connection.settings.AuthStyle == AuthBasic {
		style = oauth2.AuthStyleInHeader
	}
	config := clientcredentials.Config{
		ClientID:     c.id,
		ClientSecret: c.secret.Reveal(),
		TokenURL:     c.connection.settings.TokenURL,
		Scopes:       scopes,
		AuthStyle:    style, // the zero value would ask twice on every refusal
	}
	client := *c.connection.http
	client.Transport = tokenTransport{client.Transport}
	asked := c.connection.now()
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, &client))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		refusal := refusal(minting, refused.Response, refused.ErrorCode, c.connection.now()).as(c)
		if refusal.Code == "invalid_scope" {
			refusal.Scopes = named(scopes, refused.Body)
		}
		return Grant{}, refusal
	case err != nil:
		return Grant{}, c.connection.failure(ctx, minting, config.TokenURL, err).as(c)
	}
	grant := Grant{AccessToken: Hide(token.AccessToken), TokenType: token.TokenType, Asked: asked}
	switch granted := token.Extra("scope").(type) {
	case nil:
	case string:
		grant.Scopes = strings.Fields(granted)
	default:
		grant.Scopes = []string{}
	}
	if seconds, ok := token.Extra("expires_in").(float64); ok {
		const century = 100 * 365 * 24 * 60 * 60 // keeps the product in range; far above what any caller accepts
		grant.Lifetime = time.Duration(max(-century, min(seconds, century))) * time.Second
	}
	return grant, nil
}

const revoking = "revoking an access token"

// Revoke ends a token that this client minted (RFC 7009). Success is not proof:
// the endpoint says 200 to a token that is unknown, expired, or another client's,
// which then lives on.
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
		return refused.as(c)
	}
	return err
}
