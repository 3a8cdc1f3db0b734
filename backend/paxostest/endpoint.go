package paxostest

import "net/http"

// An Endpoint is a part of the server whose requests are counted separately and can be made to fail.
type Endpoint string

// The endpoints, by their names in the control API.
const (
	Discovery         Endpoint = "discovery"
	TokenEndpoint     Endpoint = "token"
	Revoke            Endpoint = "revoke"
	ListCredentials   Endpoint = "list-credentials"
	DeleteCredentials Endpoint = "delete-credentials"
	Operations        Endpoint = "operations"
)

// known reports whether e is one of the endpoints.
func (e Endpoint) known() bool {
	switch e {
	case Discovery, TokenEndpoint, Revoke, ListCredentials, DeleteCredentials, Operations:
		return true
	}
	return false
}

// isOAuth reports whether e is on the OAuth host, whose errors have the form of RFC 6749, section 5.2.
func (e Endpoint) isOAuth() bool { return e == Discovery || e == TokenEndpoint || e == Revoke }

// The patterns of the OAuth host. Those for tokens take every method, because a wrong one is
// answered in another form there than at the API.
const (
	discoveryPattern = "GET /.well-known/openid-configuration"
	tokenPattern     = "/oauth2/token"
	revokePattern    = "/oauth2/revoke"
)

// The patterns of the two operations of the API that are endpoints of their own.
const (
	listCredentialsPattern   = "GET /v2/api-creds/credentials"
	deleteCredentialsPattern = "DELETE /v2/api-creds/credentials/{client_id}"
)

// endpointOf returns the endpoint that a request is for; empty if its path is unknown.
func (s *Server) endpointOf(r *http.Request) Endpoint {
	switch _, pattern := s.api.Handler(r); pattern {
	case "", "/":
		return ""
	case discoveryPattern:
		return Discovery
	case tokenPattern:
		return TokenEndpoint
	case revokePattern:
		return Revoke
	case listCredentialsPattern:
		return ListCredentials
	case deleteCredentialsPattern:
		return DeleteCredentials
	}
	return Operations
}
