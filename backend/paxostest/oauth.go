package paxostest

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/token/hmac"
)

// newProvider configures fosite as Paxos's server appears to be: client credentials and revocation
// only, exact scopes, opaque tokens without a prefix, and the error format of the older Hydra.
// Every field that fosite would fill in lazily is set here, because it does so without a lock.
func newProvider(store oauthStore, lifetime time.Duration) fosite.OAuth2Provider {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	config := &fosite.Config{
		AccessTokenLifespan:      lifetime,
		TokenEntropy:             32,
		GlobalSecret:             key,
		ClientSecretsHasher:      hasher{},
		ScopeStrategy:            fosite.ExactScopeStrategy,
		AudienceMatchingStrategy: fosite.DefaultAudienceMatchingStrategy,
		UseLegacyErrorFormat:     true,
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

// mintToken answers the token endpoint.
func (s *Server) mintToken(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	request, err := s.oauth.NewAccessRequest(ctx, r, new(fosite.DefaultSession))
	if err != nil {
		s.oauth.WriteAccessError(ctx, w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope) // fosite has refused the request already if the client lacks one
	}
	response, err := s.oauth.NewAccessResponse(ctx, request)
	if err != nil {
		s.oauth.WriteAccessError(ctx, w, request, err)
		return
	}
	// Hydra floors what is left of the lifetime, so a token of an hour says 3599. On a coarse clock
	// nothing has passed yet, so the nanosecond makes that certain.
	response.SetExpiresIn(s.options.TokenLifetime - time.Nanosecond)
	accessToken := response.GetAccessToken()
	_, signature, _ := strings.Cut(accessToken, ".")
	s.recordMint(accessToken, signature, request.GetClient().GetID(), request.GetGrantedScopes())
	s.oauth.WriteAccessResponse(ctx, w, request, response)
}

// revokeToken answers the revocation endpoint. Like Hydra it says 200 also when it revoked nothing.
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) {
	err := s.oauth.NewRevocationRequest(r.Context(), r)
	s.oauth.WriteRevocationResponse(r.Context(), w, err)
}
