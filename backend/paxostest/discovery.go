package paxostest

import "net/http"

// A discovery is the OpenID Connect discovery document with the fields of Paxos's, in the same order.
// Like Paxos's, it names more than the server can do: only client credentials and revocation work.
type discovery struct {
	Issuer                             string   `json:"issuer"`
	AuthorizationEndpoint              string   `json:"authorization_endpoint"`
	TokenEndpoint                      string   `json:"token_endpoint"`
	JWKSURI                            string   `json:"jwks_uri"`
	SubjectTypesSupported              []string `json:"subject_types_supported"`
	ResponseTypesSupported             []string `json:"response_types_supported"`
	ClaimsSupported                    []string `json:"claims_supported"`
	GrantTypesSupported                []string `json:"grant_types_supported"`
	ResponseModesSupported             []string `json:"response_modes_supported"`
	UserinfoEndpoint                   string   `json:"userinfo_endpoint"`
	ScopesSupported                    []string `json:"scopes_supported"`
	TokenEndpointAuthMethodsSupported  []string `json:"token_endpoint_auth_methods_supported"`
	UserinfoSigningAlgValuesSupported  []string `json:"userinfo_signing_alg_values_supported"`
	IDTokenSigningAlgValuesSupported   []string `json:"id_token_signing_alg_values_supported"`
	RequestParameterSupported          bool     `json:"request_parameter_supported"`
	RequestURIParameterSupported       bool     `json:"request_uri_parameter_supported"`
	RequireRequestURIRegistration      bool     `json:"require_request_uri_registration"`
	ClaimsParameterSupported           bool     `json:"claims_parameter_supported"`
	RevocationEndpoint                 string   `json:"revocation_endpoint"`
	BackchannelLogoutSupported         bool     `json:"backchannel_logout_supported"`
	BackchannelLogoutSessionSupported  bool     `json:"backchannel_logout_session_supported"`
	FrontchannelLogoutSupported        bool     `json:"frontchannel_logout_supported"`
	FrontchannelLogoutSessionSupported bool     `json:"frontchannel_logout_session_supported"`
	EndSessionEndpoint                 string   `json:"end_session_endpoint"`
}

// discover answers the discovery endpoint.
func (s *Server) discover(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, discovery{
		Issuer:                s.URL() + "/",
		AuthorizationEndpoint: s.URL() + "/oauth2/auth",
		TokenEndpoint:         s.TokenURL(),
		JWKSURI:               s.URL() + "/.well-known/jwks.json",
		SubjectTypesSupported: []string{"public"},
		ResponseTypesSupported: []string{"code", "code id_token", "id_token", "token id_token", "token",
			"token id_token code"},
		ClaimsSupported: []string{"sub"},
		GrantTypesSupported: []string{"authorization_code", "implicit", "client_credentials",
			"refresh_token"},
		ResponseModesSupported:             []string{"query", "fragment"},
		UserinfoEndpoint:                   s.URL() + "/userinfo",
		ScopesSupported:                    []string{"offline_access", "offline", "openid"},
		TokenEndpointAuthMethodsSupported:  []string{authPost, authBasic, "private_key_jwt", "none"},
		UserinfoSigningAlgValuesSupported:  []string{"none", "RS256"},
		IDTokenSigningAlgValuesSupported:   []string{"RS256"},
		RequestParameterSupported:          true,
		RequestURIParameterSupported:       true,
		RequireRequestURIRegistration:      true,
		RevocationEndpoint:                 s.RevokeURL(),
		BackchannelLogoutSupported:         true,
		BackchannelLogoutSessionSupported:  true,
		FrontchannelLogoutSupported:        true,
		FrontchannelLogoutSessionSupported: true,
		EndSessionEndpoint:                 s.URL() + "/oauth2/sessions/logout",
	})
}
