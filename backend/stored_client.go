package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// clientSchema is the schema of entries under clients/. Since 2 they say what the client is for.
const clientSchema = 2

// A namedClient is a Paxos API client that an operator stored beside the root. Its purpose says
// what for.
type storedClient struct {
	client
	Purpose     purpose   `json:"purpose"`
	ScopesSince time.Time `json:"scopes_since,omitzero"` // when the scopes were last verified with Paxos
	// a list that the root client asked for had it: it is of the mount's Entity
	Listed   bool   `json:"listed,omitempty"`
	Customer string `json:"customer,omitempty"` // the Entity that this list was of, if it told
	// of a lost one: what it was, and is again when Paxos lists it
	StateBefore  clientState       `json:"state_before,omitempty"`
	Scopes       []string          `json:"scopes"`        // what the Dashboard gave it
	AllowedRoles []string          `json:"allowed_roles"` // none by default; * for all
	Label        string            `json:"label"`
	Metadata     map[string]string `json:"metadata"`
	Disabled     bool              `json:"disabled"`
	State        clientState       `json:"state"`
	// the lease that it is out on, or was, while State is leased or revoking
	Checkout    *checkout `json:"checkout,omitempty"`
	StateReason string    `json:"state_reason,omitempty"`
	// the generation that a past holder knows, because a lease handed it back unrotated
	ReturnedAs int `json:"returned_as,omitempty"`
}

// A clientState says what may be done with a named client.
type clientState string

// The states of a client. One that was deleted at Paxos is deleted in Vault too.
const (
	stateAvailable   clientState = "available"
	stateLeased      clientState = "leased"
	stateRevoking    clientState = "revoking"    // its lease has ended; it is to be deleted at Paxos
	stateQuarantined clientState = "quarantined" // its last holder may know the secret: it waits for a new one
	stateLost        clientState = "lost"        // disabled or deleted in the Dashboard
	stateUnreadable  clientState = "unreadable"  // its entry cannot be read, so that nothing is known of it
)

// LatestSchema is that of this type alone.
func (storedClient) LatestSchema() int { return clientSchema }

// change applies the parameters of a request, but for the secret, and judges the whole.
func (n *storedClient) change(d *framework.FieldData) error {
	if err := n.changePurpose(d); err != nil {
		return err
	}
	input.Patch(d, "scopes", &n.Scopes)
	input.Patch(d, "allowed_roles", &n.AllowedRoles)
	input.Patch(d, "label", &n.Label)
	input.Patch(d, "disabled", &n.Disabled)
	input.Patch(d, "metadata", &n.Metadata)
	switch err := input.CheckScopes(n.Scopes); {
	case err != nil:
		return fault.Invalid(err)
	case len(n.Scopes) == 0:
		return fault.BadRequest("scopes must name the scopes that the Dashboard gave this client")
	case len(n.Label) > input.MaximumName:
		return fault.BadRequest("label must have at most %d bytes", input.MaximumName)
	}
	for _, name := range n.AllowedRoles {
		if name != "*" && !input.ValidName(name) {
			return fault.BadRequest("allowed_roles holds %s, which is neither a role's name nor *", input.Excerpt(name))
		}
	}
	return fault.Invalid(input.CheckMetadata(n.Metadata))
}

// allows reports whether roles of that name may use the client.
func (n storedClient) allows(role string) bool {
	return slices.Contains(n.AllowedRoles, role) || slices.Contains(n.AllowedRoles, "*")
}

// unchecked reports whether the secret of the client was never verified.
func (n storedClient) unchecked() bool {
	g, _ := n.current()
	return !g.Verified
}

// lacking lists those of the scopes that the client does not hold.
func (n storedClient) lacking(scopes []string) []string { return catalog.Without(scopes, n.Scopes) }

// cachedClient returns the client of that name, from memory or storage, without generations if
// there is none.
func (b *backend) cachedClient(ctx context.Context, s logical.Storage, name string) (storedClient, error) {
	n, err := b.entries.clients.Get(ctx, s, clientsPrefix+name)
	if err == nil && n.Schema < clientSchema && n.last() > 0 { // its purpose is not in the entry yet
		return loadStoredClient(ctx, s, name)
	}
	return n, err
}

// loadStoredClient reads the client of that name.
func loadStoredClient(ctx context.Context, s logical.Storage, name string) (storedClient, error) {
	n, err := store.Load[storedClient](ctx, s, clientsPrefix+name)
	if err != nil {
		return n, err
	}
	var u uses
	return n, u.complete(ctx, s, name, &n)
}

// putStoredClient stores the client. writes is held.
func (b *backend) putStoredClient(ctx context.Context, s logical.Storage, name string, n storedClient) error {
	n.Versioned = store.Versioned{Schema: clientSchema}
	if n.EntryID == "" {
		n.EntryID = newEntryID()
	}
	key := clientsPrefix + name
	err := b.entries.clients.Put(ctx, s, key, n)
	b.noteStored(key, n.client, n.Purpose == purposeLease, err)
	return err
}

// removeStoredClient deletes the entry of a client. writes is held.
func (b *backend) removeStoredClient(ctx context.Context, s logical.Storage, name string, n storedClient) error {
	key := clientsPrefix + name
	err := b.entries.clients.Delete(ctx, s, key)
	b.noteRemoved(key, n.client, err)
	return err
}

// eachStoredClient calls visit with every stored client, in order of their names. One that cannot
// be read has the state unreadable and nothing else: it is used for nothing.
func eachStoredClient(ctx context.Context, s logical.Storage, visit func(name string, n storedClient) error) error {
	var u uses
	return store.Each(ctx, s, clientsPrefix, func(name string, n storedClient) error {
		if err := u.complete(ctx, s, name, &n); err != nil {
			return err
		}
		return visit(name, n)
	}, func(name string) error { return visit(name, storedClient{State: stateUnreadable}) })
}

// clientsByState counts the stocked clients in each state.
func clientsByState(ctx context.Context, s logical.Storage) (map[string]int, error) {
	counts := map[string]int{}
	for _, state := range []clientState{stateAvailable, stateLeased, stateRevoking, stateQuarantined, stateLost,
		stateUnreadable} {
		counts[string(state)] = 0
	}
	err := eachStoredClient(ctx, s, func(_ string, n storedClient) error {
		counts[string(n.State)]++
		return nil
	})
	return counts, err
}

// A checkout is a client's being out on a lease. It is on record before the secret is
// out, and outlives whatever happens to the role.
type checkout struct {
	ID   string `json:"id"` // random; a lease ends only what it began
	Role string `json:"role"`
	// RoleCreatedAt tells the role from one that was made again under its name; zero in a record
	// that is older than this field.
	RoleCreatedAt time.Time     `json:"role_created_at,omitzero"`
	Generation    int           `json:"generation"`
	OnRevoke      string        `json:"on_revoke"`
	DeleteLimit   int           `json:"delete_limit"`
	Holder        string        `json:"holder"`    // who counts as one for max_leases_per_entity
	EntityID      string        `json:"entity_id"` // Vault's; empty for a token without one
	DisplayName   string        `json:"display_name"`
	RequestID     string        `json:"request_id"` // Vault's: a request that it sends again gets the same client
	Since         time.Time     `json:"since"`
	Deadline      time.Time     `json:"deadline"` // the end of the lease as it stands
	MaximumTTL    time.Duration `json:"maximum_ttl"`
}

// String says in words who holds the client, and until when.
func (c checkout) String() string {
	who := c.DisplayName
	if c.EntityID != "" {
		who = strings.TrimSpace(who + " (entity " + c.EntityID + ")")
	}
	return fmt.Sprintf("leased through role %s to %s until %s", c.Role, who, spec.Timestamp(c.Deadline))
}

// storedEntries tells which entries there are under clients/, so that what is learnt from Paxos's
// Body is applied to these and not to others that were stored under their names meanwhile.
func storedEntries(ctx context.Context, s logical.Storage) (map[string]entryIdentity, error) {
	all := map[string]entryIdentity{}
	return all, eachStoredClient(ctx, s, func(name string, n storedClient) error {
		all[name] = n.entry()
		return nil
	})
}

// errBeingDeleted refuses a new secret for a client that is due to be deleted.
var errBeingDeleted = fault.BadRequest("this client is being deleted at Paxos: store another one")
