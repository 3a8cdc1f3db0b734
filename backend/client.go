package backend

import (
	"crypto/rand"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// A client is the Paxos API credentials of one client as a mount stores them: the root client, or
// the core of a storedClient. A generation is kept until its last token has ended, because Paxos
// lets only the client that requested a token revoke it.
type client struct {
	store.Versioned
	// EntryID is random. It tells an entry from one that was deleted and stored again under the
	// same name.
	EntryID string `json:"entry_id,omitempty"`
	// Generations are in order, the oldest first. New tokens are requested with the last one.
	Generations []generation `json:"generations"`
	// Profiles are ids of Paxos profiles that this client could read. Two clients that read the
	// same profile belong to the same Paxos Entity.
	Profiles []string `json:"profiles,omitempty"`
}

// A generation is a client's ID and secret during one period.
type generation struct {
	Number       int                `json:"number"` // counts from 1; never used twice for a Client ID
	ClientID     string             `json:"client_id"`
	ClientSecret paxos.StoredSecret `json:"client_secret"`
	Connection   string             `json:"connection"` // fingerprint of the only connection that it may be sent over
	Since        time.Time          `json:"since"`
	Verified     bool               `json:"proved"` // a token request has shown that the secret is right
	// DeleteAtPaxos marks an old root client that is to be deleted at Paxos when its last token has
	// ended.
	DeleteAtPaxos bool `json:"erase,omitempty"`
}

// An entryIdentity tells one stored entry of a client, with one secret, from every other. It
// changes when the entry is deleted and stored again, and with each new secret.
type entryIdentity struct {
	id   string
	last int
}

// current returns the generation with which tokens are requested, and whether there is one.
func (c client) current() (generation, bool) {
	if len(c.Generations) == 0 {
		return generation{}, false
	}
	return c.Generations[len(c.Generations)-1], true
}

// last returns the number of the current generation, or 0 if there is none.
func (c client) last() int {
	g, _ := c.current()
	return g.Number
}

// with returns the client with a further generation, which becomes the current one.
func (c client) with(next generation) client {
	c.Generations = append(slices.Clone(c.Generations), next)
	return c
}

// entry returns the identity of the client's entry: the zero value if it is not stored.
func (c client) entry() entryIdentity { return entryIdentity{c.EntryID, c.last()} }

// newEntryID returns a random id for an entry that is about to be stored.
func newEntryID() string { return rand.Text() }

// has reports whether a generation of the client has this Client ID.
func (c client) has(clientID string) bool {
	return slices.ContainsFunc(c.Generations, func(g generation) bool { return g.ClientID == clientID })
}

// deleteWhenDrained marks the client that was the root until now, as before shows it, for deletion
// at Paxos. Generations of earlier root clients keep their mark as it is, because the operator
// decided about them when they were replaced.
func (c *client) deleteWhenDrained(before client) {
	old, _ := before.current()
	for i, g := range c.Generations {
		c.Generations[i].DeleteAtPaxos = g.DeleteAtPaxos || g.ClientID == old.ClientID
	}
}
