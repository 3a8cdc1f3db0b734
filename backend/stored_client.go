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

// clientSchema is the schema of entries under clients/. Since schema 2 an entry has a purpose.
const clientSchema = 2

// A storedClient is a Paxos API client that an operator stored in addition to the root client. Its
// purpose says what it is used for.
type storedClient struct {
	client
	Purpose     purpose   `json:"purpose"`
	ScopesSince time.Time `json:"scopes_since,omitzero"` // when the scopes were last verified with Paxos
	// Listed says that a list which the root client requested had this client, so that both belong
	// to the same Entity.
	Listed   bool   `json:"listed,omitempty"`
	Customer string `json:"customer,omitempty"` // the Entity of that list, if the list named it
	// StateBefore is the state that a lost client had. It gets that state back when Paxos lists it
	// again.
	StateBefore  clientState       `json:"state_before,omitempty"`
	Scopes       []string          `json:"scopes"`        // that the client has in the Dashboard, as the operator says
	AllowedRoles []string          `json:"allowed_roles"` // none by default; * means all
	Label        string            `json:"label"`
	Metadata     map[string]string `json:"metadata"`
	Disabled     bool              `json:"disabled"`
	State        clientState       `json:"state"`
	// Checkout is the current lease while State is leased, and the last one while State is
	// revoking.
	Checkout    *checkout `json:"checkout,omitempty"`
	StateReason string    `json:"state_reason,omitempty"`
	// ReturnedAs is the number of the generation that was returned without a new secret at the end
	// of a lease, so that a past holder knows it. 0: there is none.
	ReturnedAs int `json:"returned_as,omitempty"`
}

// A clientState says what may be done with a stored client.
type clientState string

// The states of a client. One that was deleted at Paxos is deleted in Vault too.
const (
	stateAvailable   clientState = "available"
	stateLeased      clientState = "leased"
	stateToBeDeleted clientState = "revoking"    // its lease has ended, and it is to be deleted at Paxos
	stateQuarantined clientState = "quarantined" // a past holder may know its secret: it waits for a new one
	stateLost        clientState = "lost"        // disabled or deleted in the Dashboard
	stateUnreadable  clientState = "unreadable"  // its entry cannot be read
)

// described says in an error what the state means, after the name of the client.
func (s clientState) described() string {
	switch s {
	case stateToBeDeleted:
		return "is due to be deleted at Paxos"
	case stateQuarantined:
		return "is waiting for a new secret"
	case stateLost:
		return "is disabled or deleted in the Dashboard"
	case stateUnreadable:
		return "cannot be read"
	}
	return "is " + string(s)
}

// A checkout is the record that a client is leased. It is stored before the secret is issued, so
// that no secret is out without a record. It keeps what the role said when the lease began, so that
// a later change of the role changes nothing for this lease.
type checkout struct {
	ID   string `json:"id"` // random; the end of a lease names it, so that no lease ends another
	Role string `json:"role"`
	// RoleCreatedAt tells the role from another that is created later under the same name. It is
	// zero in records of versions without this field.
	RoleCreatedAt time.Time `json:"role_created_at,omitzero"`
	Generation    int       `json:"generation"`
	OnRevoke      string    `json:"on_revoke"`
	DeleteLimit   int       `json:"delete_limit"`
	// Holder is what holderOf returned. max_leases_per_entity counts the leases of one holder.
	Holder      string    `json:"holder"`
	EntityID    string    `json:"entity_id"` // of the Vault token; empty if it has none
	DisplayName string    `json:"display_name"`
	RequestID   string    `json:"request_id"` // Vault's: a request that Vault repeats gets the same client
	Since       time.Time `json:"since"`
	// when the lease ends unless it is renewed; Vault may end it up to a second earlier
	Deadline   time.Time     `json:"deadline"`
	MaximumTTL time.Duration `json:"maximum_ttl"`
}

// errBeingDeleted refuses a new secret for a client that is about to be deleted at Paxos.
var errBeingDeleted = fault.BadRequest("This client is being deleted at Paxos. Store another client.")

// noSuchClient refuses the name of a client that is not stored.
func noSuchClient(name string) error {
	return fault.BadRequest("Client %s does not exist. List clients with `vault list %sclients`.", input.Excerpt(name),
		mountMark)
}

// LatestSchema is the newest schema of stored clients that this version can read.
func (storedClient) LatestSchema() int { return clientSchema }

// change applies the parameters of a request, except the secret, and checks the whole client.
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
		return fault.BadRequest("scopes must name the scopes that this client has in the Dashboard.")
	case len(n.Label) > input.MaximumName:
		return fault.BadRequest("label must have at most %d bytes.", input.MaximumName)
	}
	for _, name := range n.AllowedRoles {
		if name != "*" && !input.ValidName(name) {
			return fault.BadRequest("allowed_roles contains %s, which is neither the name of a role nor *.", input.Excerpt(name))
		}
	}
	return fault.Invalid(input.CheckMetadata(n.Metadata))
}

// allows reports whether a role of that name may use the client.
func (n storedClient) allows(role string) bool {
	return slices.Contains(n.AllowedRoles, role) || slices.Contains(n.AllowedRoles, "*")
}

// unchecked reports whether the secret of the client was never verified.
func (n storedClient) unchecked() bool {
	g, _ := n.current()
	return !g.Verified
}

// lacking lists those of the scopes that the client does not have.
func (n storedClient) lacking(scopes []string) []string { return catalog.Without(scopes, n.Scopes) }

// String says who holds the client and until when.
func (c checkout) String() string {
	who := c.DisplayName
	if c.EntityID != "" {
		who = strings.TrimSpace(who + " (entity " + c.EntityID + ")")
	}
	return fmt.Sprintf("leased through role %s to %s until %s", c.Role, who, spec.Timestamp(c.Deadline))
}

// cachedClient returns the client of that name from memory or storage. A client that does not exist
// has no generations.
func (b *backend) cachedClient(ctx context.Context, s logical.Storage, name string) (storedClient, error) {
	n, err := b.entries.clients.Get(ctx, s, clientsPrefix+name)
	// An entry of an older version has no purpose. loadStoredClient works it out from config and
	// roles.
	if err == nil && n.Schema < clientSchema && n.last() > 0 {
		return loadStoredClient(ctx, s, name)
	}
	return n, err
}

// loadStoredClient reads the client of that name from storage.
func loadStoredClient(ctx context.Context, s logical.Storage, name string) (storedClient, error) {
	n, err := store.Load[storedClient](ctx, s, clientsPrefix+name)
	if err != nil {
		return n, err
	}
	var u uses
	return n, u.complete(ctx, s, name, &n)
}

// eachStoredClient calls visit with every stored client, in order of name. A client that cannot be
// read has only the state unreadable, so it is used for nothing.
func eachStoredClient(ctx context.Context, s logical.Storage, visit func(name string, n storedClient) error) error {
	var u uses
	return store.Each(ctx, s, clientsPrefix, func(name string, n storedClient) error {
		if err := u.complete(ctx, s, name, &n); err != nil {
			return err
		}
		return visit(name, n)
	}, func(name string) error { return visit(name, storedClient{State: stateUnreadable}) })
}

// putStoredClient stores a client. The caller holds writes.
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

// removeStoredClient deletes the entry of a client. The caller holds writes.
func (b *backend) removeStoredClient(ctx context.Context, s logical.Storage, name string, n storedClient) error {
	key := clientsPrefix + name
	err := b.entries.clients.Delete(ctx, s, key)
	b.noteRemoved(key, n.client, err)
	return err
}

// clientsByState counts the stored clients in each state. States without clients are in the result
// too.
func clientsByState(ctx context.Context, s logical.Storage) (map[string]int, error) {
	counts := map[string]int{}
	for _, state := range []clientState{stateAvailable, stateLeased, stateToBeDeleted, stateQuarantined, stateLost,
		stateUnreadable} {
		counts[string(state)] = 0
	}
	err := eachStoredClient(ctx, s, func(_ string, n storedClient) error {
		counts[string(n.State)]++
		return nil
	})
	return counts, err
}

// storedEntries returns the identities of the entries under clients/. What a list from Paxos shows
// is applied only to these entries, and not to others that are stored under the same names while
// the list is being fetched.
func storedEntries(ctx context.Context, s logical.Storage) (map[string]entryIdentity, error) {
	all := map[string]entryIdentity{}
	return all, eachStoredClient(ctx, s, func(name string, n storedClient) error {
		all[name] = n.entry()
		return nil
	})
}
