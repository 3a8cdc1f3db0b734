package paxostest

import (
	"context"
	"slices"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
)

// oauthStore is the storage of fosite: it has the clients, and knows whether a token was revoked. There
// are no refresh tokens, so every method for them returns "not found".
type oauthStore struct{ server *Server }

// The interfaces that fosite needs, checked by the compiler.
var (
	_ fosite.Storage                = oauthStore{}
	_ oauth2.TokenRevocationStorage = oauthStore{}
)

// A grant is what fosite stores about one access token.
type grant struct {
	request             fosite.Requester
	issuedAt, expiresAt time.Time
	revokedAt           time.Time // zero if it was not revoked
}

// GetClient finds a client that may authenticate. It does not find a disabled one.
func (o oauthStore) GetClient(_ context.Context, id string) (fosite.Client, error) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	c := o.server.byClientID[id]
	if c == nil || c.Status != statusApproved {
		return nil, fosite.ErrNotFound
	}
	return &fosite.DefaultOpenIDConnectClient{
		DefaultClient: &fosite.DefaultClient{
			ID:         c.ClientID,
			Secret:     slices.Clone(c.secretHash),
			GrantTypes: []string{string(fosite.GrantTypeClientCredentials)},
			Scopes:     slices.Clone(c.Scopes),
		},
		TokenEndpointAuthMethod: c.AuthMethod,
	}, nil
}

// ClientAssertionJWTValid refuses: clients of Paxos do not authenticate by signed assertions.
func (oauthStore) ClientAssertionJWTValid(context.Context, string) error { return fosite.ErrJTIKnown }

// SetClientAssertionJWT refuses for the same reason.
func (oauthStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrJTIKnown
}

// CreateAccessTokenSession stores a grant under the signature of its token, unless the client was
// disabled since it authenticated.
func (o oauthStore) CreateAccessTokenSession(_ context.Context, signature string, request fosite.Requester) error {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	c := o.server.byClientID[request.GetClient().GetID()]
	if c == nil || c.Status != statusApproved {
		return fosite.ErrInvalidClient
	}
	now := o.server.now()
	g := &grant{request: request, issuedAt: now, expiresAt: now.Add(o.server.options.TokenLifetime)}
	o.server.grants[signature] = g
	o.server.grantsByRequest[request.GetID()] = g
	return nil
}

// GetAccessTokenSession finds the grant with this signature, unless it was revoked.
func (o oauthStore) GetAccessTokenSession(_ context.Context, signature string,
	_ fosite.Session) (fosite.Requester, error) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	g := o.server.grants[signature]
	if g == nil || !g.revokedAt.IsZero() {
		return nil, fosite.ErrNotFound
	}
	return g.request, nil
}

// DeleteAccessTokenSession revokes the grant with this signature.
func (o oauthStore) DeleteAccessTokenSession(_ context.Context, signature string) error {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	if g := o.server.grants[signature]; g != nil && g.revokedAt.IsZero() {
		g.revokedAt = o.server.now()
	}
	return nil
}

// RevokeAccessToken revokes the grant of the token request with this id of fosite.
func (o oauthStore) RevokeAccessToken(_ context.Context, requestID string) error {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	g := o.server.grantsByRequest[requestID]
	if g == nil || !g.revokedAt.IsZero() {
		return fosite.ErrNotFound
	}
	g.revokedAt = o.server.now()
	return nil
}

// CreateRefreshTokenSession refuses: there are no refresh tokens.
func (oauthStore) CreateRefreshTokenSession(context.Context, string, string, fosite.Requester) error {
	return fosite.ErrNotFound
}

// GetRefreshTokenSession finds nothing: there are no refresh tokens.
func (oauthStore) GetRefreshTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

// DeleteRefreshTokenSession finds nothing: there are no refresh tokens.
func (oauthStore) DeleteRefreshTokenSession(context.Context, string) error { return fosite.ErrNotFound }

// RotateRefreshToken finds nothing: there are no refresh tokens.
func (oauthStore) RotateRefreshToken(context.Context, string, string) error {
	return fosite.ErrNotFound
}

// RevokeRefreshToken finds nothing: there are no refresh tokens.
func (oauthStore) RevokeRefreshToken(context.Context, string) error { return fosite.ErrNotFound }
