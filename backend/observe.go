package backend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/input"
)

// The types of the events that are not the broker's, which names its own.
const (
	roleWritten          = "role-write"
	roleDeleted          = "role-delete"
	roleRotated          = "role-rotate"
	configWritten        = "config-write"
	guardrailsWritten    = "guardrails-write"
	rootRotated          = "rotate"
	rootNotRotated       = "rotate-fail"
	rootForgotten        = "root-forget"
	driftFound           = "drift"
	exceptionWritten     = "exception-write"
	exceptionDeleted     = "exception-delete"
	lockedDown           = "lockdown"
	lockdownLifted       = "lockdown-lift"
	clientWritten        = "client-write"
	clientDeleted        = "client-delete"
	clientRotated        = "client-rotate"
	clientLeased         = "client-lease"
	clientReturned       = "client-return"
	clientQuarantined    = "client-quarantine"
	clientDeletedAtPaxos = "client-erase"
	clientLost           = "client-lost"
	poolLow              = "pool-low"
	mountStopped         = "stop"
	mountResumed         = "resume"
)

// sendEvent gives an event to Vault.
func (b *backend) sendEvent(ctx context.Context, e event) error {
	return logical.SendEvent(ctx, b, "paxos/"+e.kind, e.metadata...)
}

// announceChange tells that what a path stores has changed.
func (b *backend) announceChange(kind, path string, operation logical.Operation) {
	b.events.add(event{kind, []string{
		logical.EventMetadataPath, path, logical.EventMetadataDataPath, path,
		logical.EventMetadataOperation, string(operation), logical.EventMetadataModified, "true",
	}})
}

// announceRole is announceChange for a role.
func (b *backend) announceRole(kind, name string, r role, operation logical.Operation) {
	metadata := []string{
		logical.EventMetadataPath, rolesPrefix + name, logical.EventMetadataDataPath, rolesPrefix + name,
		logical.EventMetadataOperation, string(operation), logical.EventMetadataModified, "true", "role", name,
	}
	b.events.add(event{kind, append(metadata, roleMetadata(r)...)})
}

// roleMetadata is the role's own metadata, as events carry it.
func roleMetadata(r role) []string {
	var metadata []string
	for key, value := range r.Metadata {
		metadata = append(metadata, "role_metadata_"+key, value)
	}
	return metadata
}

// countRead counts what a reader got. One that was refused before its role was read, as in
// a lockdown, counts under the role all the same, if there is one of that name.
func (b *backend) countRead(ctx context.Context, s logical.Storage, want tokenRequest, issued broker.Issued, err error) {
	if err != nil && want.role.ID == "" && input.ValidName(want.name) {
		if r, roleErr := b.cachedRole(ctx, s, want.name); roleErr == nil {
			want.role = r
		}
	}
	b.metrics.read(want, issued, err)
}

// newListedCredential is told by the broker what happens to tokens. It counts it, remembers
// why the latest mint failed, and announces it.
func (b *backend) observe(o broker.Observation) {
	b.metrics.observe(o)
	b.signals.signalMint(o)
	if o.What == broker.MintFailed {
		b.latest.note(b.options.Now(), o.Err)
	}
	path := configKey // the engine's own token
	if o.Role != "" {
		path = rolesPrefix + o.Role
	}
	metadata := []string{logical.EventMetadataPath, path}
	if o.Role != "" {
		r, _ := b.entries.roles.Recall(path) // from memory only: nobody waits here for storage
		metadata = append(append(metadata, "role", o.Role), roleMetadata(r)...)
	}
	if o.Row.Fingerprint != "" {
		metadata = append(metadata, "token_id", o.Row.Fingerprint, "client_id", o.Row.ClientID, "expires_at",
			timestamp(o.Row.ExpiresAt))
	}
	if o.Err != nil {
		metadata = append(metadata, "error", o.Err.Error())
	}
	b.events.add(event{string(o.What), metadata})
}

// A mintFailure is why a token request failed, for status.
type mintFailure struct {
	at   time.Time
	text string
}

// A latestFailure keeps that of the latest token request that failed.
type latestFailure struct {
	mu     sync.Mutex // guards failed
	failed mintFailure
}

// note keeps a failure.
func (l *latestFailure) note(at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = mintFailure{at, err.Error()}
}

// get returns it, the zero mintFailure if there was none.
func (l *latestFailure) get() mintFailure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// announceClient tells what happened to a client.
func (b *backend) announceClient(kind, name string, n storedClient, why string) {
	g, _ := n.current()
	metadata := []string{logical.EventMetadataPath, clientsPrefix + name, "client", name, "client_id", g.ClientID,
		"state", string(n.State)}
	if n.Checkout != nil {
		metadata = append(metadata, "role", n.Checkout.Role, "entity_id", n.Checkout.EntityID)
	}
	if why != "" {
		metadata = append(metadata, "reason", why)
	}
	b.events.add(event{kind, metadata})
}

// announcePool tells that few clients of a role are left.
func (b *backend) announcePool(roleName string, left, all int) {
	b.logger.Warn("few clients of a role are left", "role", roleName, "free", left, "clients", all)
	b.events.add(event{poolLow, []string{logical.EventMetadataPath, rolesPrefix + roleName, "role", roleName,
		"free", fmt.Sprint(left), "clients", fmt.Sprint(all)}})
}
