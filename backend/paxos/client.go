package paxos

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A Client is one Paxos API client, given by its Client ID and secret, on a Connection.
type Client struct {
	connection *Connection
	id         string
	secret     Secret
}

// Client returns the client with these credentials, without verifying them: it makes no call.
func (c *Connection) Client(id string, secret Secret) *Client {
	return &Client{connection: c, id: id, secret: secret}
}

// TokenURL returns the token endpoint that the client uses. All clients of one endpoint share a budget
// of token requests.
func (c *Client) TokenURL() string { return c.connection.settings.TokenURL }

// Route returns the route of the client's calls (see Settings.Route). A ban by Paxos applies to a
// route.
func (c *Client) Route() string { return c.connection.route }

// ID returns the Client ID, which is not a secret.
func (c *Client) ID() string { return c.id }

// Credentials identifies the client with this secret, its auth style and its route, by 32 hexadecimal
// digits that reveal none of them. What Paxos answered to one secret says nothing about another one,
// so such answers are remembered under this text.
func (c *Client) Credentials() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		c.connection.route, string(c.connection.settings.AuthStyle), c.id, c.secret.Reveal(),
	}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// WithAuthStyle returns the same client on a new connection that uses another style to authenticate.
// The caller must call the returned function when it is done with the client: it closes the new
// connection.
func (c *Client) WithAuthStyle(style AuthStyle) (*Client, func(), error) {
	settings := c.connection.settings
	settings.AuthStyle = style
	other, err := Connect(settings, c.connection.now)
	if err != nil {
		return nil, nil, err
	}
	return other.Client(c.id, c.secret), other.Close, nil
}

// attribute records on an error that this client made the call, and returns the error.
func (c *Client) attribute(e *Error) *Error {
	e.ClientID, e.AuthStyle = c.id, c.connection.settings.authStyle()
	return e
}
