package paxostest

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/token/hmac"
)

// newProvider configures fosite to behave as Paxos's server appears to: client credentials and
// revocation only, exact scopes, and opaque tokens without a prefix. It sets every field that
// fosite would otherwise set at first use, because fosite does that without a lock.
func newProvider(store oauthStore, lifetime time.Duration) fosite.OAuth2Provider {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand never returns an error
	config := &fosite.Config{
		AccessTokenLifespan:      lifetime,
		TokenEntropy:             32,
		GlobalSecret:             key,
		ClientSecretsHasher:      hasher{},
		ScopeStrategy:            fosite.ExactScopeStrategy,
		AudienceMatchingStrategy: fosite.DefaultAudienceMatchingStrategy,
	}
	strategy := oauth2.NewHMACSHAStrategyUnPrefixed(&hmac.HMACStrategy{Config: config}, config)
	config.TokenEndpointHandlers.Append(&oauth2.ClientCredentialsGrantHandler{
		HandleHelper: &oauth2.HandleHelper{AccessTokenStrategy: strategy, AccessTokenStorage: store, Config: config},
		Config:       config,
	})
	config.RevocationHandlers.Append(&oauth2.TokenRevocationHandler{
		TokenRevocationStorage: store,
		RefreshTokenStrategy:   strategy,
		AccessTokenStrategy:    strategy,
	})
	return fosite.NewOAuth2Provider(store, config)
}

// issueToken answers the token endpoint.
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := s.oauth.NewAccessRequest(ctx, r, new(fosite.DefaultSession))
	if err != nil {
		refuseOAuth(w, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope) // fosite has already refused a request with a scope that the client lacks
	}
	response, err := s.oauth.NewAccessResponse(ctx, request)
	if err != nil {
		refuseOAuth(w, err)
		return
	}
	// Hydra rounds the remaining lifetime down, so the reply for a token of one hour says 3599 seconds.
	// Subtracting a nanosecond has that effect even if the clock has not moved since the request.
	response.SetExpiresIn(s.options.TokenLifetime - time.Nanosecond)
	accessToken := response.GetAccessToken()
	_, signature, _ := strings.Cut(accessToken, ".")
	s.recordToken(accessToken, signature, request.GetClient().GetID(), request.GetGrantedScopes())
	s.oauth.WriteAccessResponse(ctx, w, request, response)
}

// revokeToken answers the revocation endpoint. Like Hydra, it answers 200 even if it revoked
// nothing, and says no more about a refusal than which one it is.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) {
	err := s.oauth.NewRevocationRequest(r.Context(), r)
	for _, refusal := range []error{fosite.ErrInvalidRequest, fosite.ErrInvalidClient} {
		if errors.Is(err, refusal) {
			refuseOAuth(w, refusal)
			return
		}
	}
	s.oauth.WriteRevocationResponse(r.Context(), w, err)
}
