package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"
)

// The types of events, apart from those about tokens, which package broker names. Operators
// subscribe to them by name, so they never change.
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
	keyWritten           = "key-write"
	keyRotated           = "key-rotate"
	keyDeleted           = "key-delete"
	signerWritten        = "signer-write"
	signerDeleted        = "signer-delete"
	signatureMade        = "sign"
	signatureRefused     = "sign-deny"
	mountStopped         = "stop"
	mountResumed         = "resume"
)

// sendEvent sends an event to Vault's event bus.
func (b *backend) sendEvent(ctx context.Context, e event) error {
	return logical.SendEvent(ctx, b, "paxos/"+e.kind, e.metadata...)
}

// announceChange sends an event about a change of what a path stores. operation is how it was
// changed.
func (b *backend) announceChange(kind, path string, operation logical.Operation) {
	b.events.add(event{kind, []string{
		logical.EventMetadataPath, path, logical.EventMetadataDataPath, path,
		logical.EventMetadataOperation, string(operation), logical.EventMetadataModified, "true",
	}})
}

// announceRole sends an event about a change of a role. It carries the role's name and metadata.
func (b *backend) announceRole(kind, name string, r role, operation logical.Operation) {
	metadata := []string{
		logical.EventMetadataPath, rolesPrefix + name, logical.EventMetadataDataPath, rolesPrefix + name,
		logical.EventMetadataOperation, string(operation), logical.EventMetadataModified, "true", "role", name,
	}
	b.events.add(event{kind, append(metadata, roleMetadata(r)...)})
}

// roleMetadata returns the role's own metadata as events carry it, with a prefix before each name.
func roleMetadata(r role) []string {
	var metadata []string
	for key, value := range r.Metadata {
		metadata = append(metadata, "role_metadata_"+key, value)
	}
	return metadata
}

// announceClient sends an event about a stored client. why is the reason, "" if there is none.
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

// announcePool logs and sends an event that only left of a role's clients can still be leased.
func (b *backend) announcePool(roleName string, left, all int) {
	b.logger.Warn("few clients of a role are available", "role", roleName, "free", left, "clients", all)
	b.events.add(event{poolLow, []string{logical.EventMetadataPath, rolesPrefix + roleName, "role", roleName,
		"free", fmt.Sprint(left), "clients", fmt.Sprint(all)}})
}
