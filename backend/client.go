package backend

import (
	"crypto/rand"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// A client is a Paxos API client in Vault's custody. Each pair of Client ID and
// secret that it ever had is a generation, kept until the last token that it
// minted has ended, because only the client that minted a token can revoke it.
type client struct {
	store.Versioned
	// random: an entry that is deleted and made again is another one
	EntryID     string       `json:"entry_id,omitempty"`
	Generations []generation `json:"generations"`        // oldest first; the last one mints
	Profiles    []string     `json:"profiles,omitempty"` // that it was seen to see: they tell which Entity it is of
}

// A generation is one pair of Client ID and secret.
type generation struct {
	Number        int                `json:"number"` // counts up from 1, never used twice
	ClientID      string             `json:"client_id"`
	ClientSecret  paxos.StoredSecret `json:"client_secret"`
	Connection    string             `json:"connection"` // fingerprint of what it may be sent over
	Since         time.Time          `json:"since"`
	Verified      bool               `json:"proved"`          // a mint has shown that the secret is right
	DeleteAtPaxos bool               `json:"erase,omitempty"` // to be deleted at Paxos when its last token has ended
}

// Current is the generation that mints.
func (c client) current() (generation, bool) {
	if len(c.Generations) == 0 {
		return generation{}, false
	}
	return c.Generations[len(c.Generations)-1], true
}

// last is the number of the generation that mints, 0 if there is none.
func (c client) last() int {
	g, _ := c.current()
	return g.Number
}

// with returns the client with a further generation.
func (c client) with(next generation) client {
	c.Generations = append(slices.Clone(c.Generations), next)
	return c
}

// entryIdentity tells one stored entry of a client from the next. It changes when the entry is
// deleted and made Replaceable, and with each new secret.
type entryIdentity struct {
	id   string
	last int
}

// entryIdentity is that of the client, the zero entry if it is not stored.
func (c client) entry() entryIdentity { return entryIdentity{c.EntryID, c.last()} }

// newEntryID is the random id of an entry that is about to be made.
func newEntryID() string { return rand.Text() }

// has reports whether a generation of the client is of that Client ID.
func (c client) has(clientID string) bool {
	return slices.ContainsFunc(c.Generations, func(g generation) bool { return g.ClientID == clientID })
}

// deleteOld marks the generations of the client that was the root before to be deleted at
// Paxos, and no older ones, of which nobody asked that.
func (c *client) deleteWhenDrained(before client) {
	old, _ := before.current()
	for i, g := range c.Generations {
		c.Generations[i].DeleteAtPaxos = g.DeleteAtPaxos || g.ClientID == old.ClientID
	}
}
