package paxostest

import (
	"slices"
	"time"
)

// A Token is what the server knows about an access token that it issued, without the token itself.
type Token struct {
	Fingerprint string // see Fingerprint
	ClientID    string
	Scopes      []string
	IssuedAt    time.Time
	ExpiresAt   time.Time
	Alive       bool      // neither expired nor revoked, and its client is still approved
	RevokedAt   time.Time // zero unless it was revoked, by its client or because its client was disabled
}

// A token is one row of the table of tokens, which decides whether a token is alive.
type token struct {
	Token
	grant *grant
}

// Tokens returns every token that was ever issued, in that order.
func (s *Server) Tokens() []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	all := make([]Token, 0, len(s.tokens))
	for _, t := range s.tokens {
		all = append(all, s.viewLocked(t, now))
	}
	return all
}

// LiveTokens returns the tokens that are alive, in the order in which they were issued.
func (s *Server) LiveTokens() []Token {
	return slices.DeleteFunc(s.Tokens(), func(t Token) bool { return !t.Alive })
}

// Alive reports whether the API still accepts the access token. It is false for an unknown token.
func (s *Server) Alive(accessToken string) bool {
	t, ok := s.token(Fingerprint(accessToken))
	return ok && t.Alive
}

// token returns the token with this fingerprint, and reports whether there is one.
func (s *Server) token(fingerprint string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.byHash[fingerprint]
	if t == nil {
		return Token{}, false
	}
	return s.viewLocked(t, s.now()), true
}

// viewLocked returns a row as it is now. The caller holds s.mu.
func (s *Server) viewLocked(t *token, now time.Time) Token {
	view := t.Token
	view.Scopes = slices.Clone(t.Scopes)
	view.RevokedAt = t.grant.revokedAt
	view.Alive = s.aliveLocked(t, now)
	return view
}

// aliveLocked reports whether the token of a row is alive. The caller holds s.mu.
func (s *Server) aliveLocked(t *token, now time.Time) bool {
	client := s.byClientID[t.ClientID]
	return t.grant.revokedAt.IsZero() && now.Before(t.ExpiresAt) && client != nil && client.Status == statusApproved
}

// recordToken adds a token to the table that fosite has just issued with this signature.
func (s *Server) recordToken(accessToken, signature, clientID string, scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[signature]
	issued := &token{grant: g, Token: Token{
		Fingerprint: Fingerprint(accessToken),
		ClientID:    clientID,
		Scopes:      slices.Clone(scopes),
		IssuedAt:    g.issuedAt,
		ExpiresAt:   g.expiresAt,
	}}
	s.tokens = append(s.tokens, issued)
	s.byHash[issued.Fingerprint] = issued
}

// EndToken ends a live token that no client revoked, as if Paxos had lost its tokens. It reports
// whether the token was alive.
func (s *Server) EndToken(accessToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, t := s.now(), s.byHash[Fingerprint(accessToken)]
	if t == nil || !s.aliveLocked(t, now) {
		return false
	}
	t.grant.revokedAt = now
	return true
}

// endTokensLocked ends every live token of the client. The caller holds s.mu.
func (s *Server) endTokensLocked(clientID string) {
	now := s.now()
	for _, g := range s.grants {
		if g.request.GetClient().GetID() == clientID && g.revokedAt.IsZero() && now.Before(g.expiresAt) {
			g.revokedAt = now
		}
	}
}
