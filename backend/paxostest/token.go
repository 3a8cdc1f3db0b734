package paxostest

import (
	"slices"
	"time"
)

// A Token is what the server knows of one access token it minted: everything but the token.
type Token struct {
	Fingerprint string // see Fingerprint
	ClientID    string
	Scopes      []string
	MintedAt    time.Time
	ExpiresAt   time.Time
	Alive       bool      // neither expired nor revoked, and its client still approved
	RevokedAt   time.Time // zero if it was never revoked, by its client or by the end of its client
}

// A token is one row of the token table, which is the truth about liveness on the server's own clock.
type token struct {
	Token
	grant *grant
}

// Tokens lists every token ever minted, in order.
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

// LiveTokens lists the tokens that still open something, in the order they were minted.
func (s *Server) LiveTokens() []Token {
	return slices.DeleteFunc(s.Tokens(), func(t Token) bool { return !t.Alive })
}

// Alive says whether the access token still opens something.
func (s *Server) Alive(accessToken string) bool {
	t, ok := s.token(Fingerprint(accessToken))
	return ok && t.Alive
}

// token returns the token of that fingerprint, and whether there is one.
func (s *Server) token(fingerprint string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.byHash[fingerprint]
	if t == nil {
		return Token{}, false
	}
	return s.viewLocked(t, s.now()), true
}

// viewLocked copies a row as it stands now. The caller holds s.mu.
func (s *Server) viewLocked(t *token, now time.Time) Token {
	view := t.Token
	view.Scopes = slices.Clone(t.Scopes)
	view.RevokedAt = t.grant.revokedAt
	view.Alive = s.aliveLocked(t, now)
	return view
}

// aliveLocked says whether a row's token still opens something. The caller holds s.mu.
func (s *Server) aliveLocked(t *token, now time.Time) bool {
	client := s.byClientID[t.ClientID]
	return t.grant.revokedAt.IsZero() && now.Before(t.ExpiresAt) && client != nil && client.Status == statusApproved
}

// recordMint adds the token that fosite has just issued under the signature to the table.
func (s *Server) recordMint(accessToken, signature, clientID string, scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grants[signature]
	minted := &token{grant: g, Token: Token{
		Fingerprint: Fingerprint(accessToken),
		ClientID:    clientID,
		Scopes:      slices.Clone(scopes),
		MintedAt:    g.mintedAt,
		ExpiresAt:   g.expiresAt,
	}}
	s.tokens = append(s.tokens, minted)
	s.byHash[minted.Fingerprint] = minted
}

// EndToken ends a live token although nobody revoked it, as when Paxos loses its tokens, and says
// whether there was one.
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

// killTokensLocked ends every live token of the client. The caller holds s.mu.
func (s *Server) killTokensLocked(clientID string) {
	now := s.now()
	for _, g := range s.grants {
		if g.request.GetClient().GetID() == clientID && g.revokedAt.IsZero() && now.Before(g.expiresAt) {
			g.revokedAt = now
		}
	}
}
