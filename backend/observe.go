package backend

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// A mintFailure says when and why a token request failed, for status.
type mintFailure struct {
	at   time.Time
	text string
}

// A latestFailure remembers the latest token request that failed.
type latestFailure struct {
	mu     sync.Mutex // guards failed
	failed mintFailure
}

// observe is called by the broker for everything that happens to tokens. It counts the observation,
// logs and remembers failed token requests, and sends an event. Readers may be waiting meanwhile,
// so it reads nothing from storage.
func (b *backend) observe(o broker.Observation) {
	b.metrics.observe(o)
	b.signals.signalMint(o)
	if o.What == broker.MintFailed {
		b.latest.note(b.options.Now(), o.Err)
	}
	path := configKey // for a token that the engine requested for itself
	if o.Role != "" {
		path = rolesPrefix + o.Role
	}
	metadata := []string{logical.EventMetadataPath, path}
	if o.Role != "" {
		r, _ := b.entries.roles.Recall(path) // only if it is in the cache
		metadata = append(append(metadata, "role", o.Role), roleMetadata(r)...)
	}
	if o.Row.Fingerprint != "" {
		metadata = append(metadata, "token_id", o.Row.Fingerprint, "client_id", o.Row.ClientID, "expires_at",
			spec.Timestamp(o.Row.ExpiresAt))
	}
	if o.Err != nil {
		metadata = append(metadata, "error", o.Err.Error())
	}
	b.events.add(event{string(o.What), metadata})
}

// countRead counts what a reader of creds/ or token/ got. A read may be refused before its role was
// read, as in a lockdown. Then the role is looked up here, so that the read still counts under its
// role, if the role exists.
func (b *backend) countRead(ctx context.Context, s logical.Storage, want tokenRequest, issued broker.Issued,
	err error) {
	if err != nil && want.role.ID == "" && input.ValidName(want.name) {
		if r, roleErr := b.cachedRole(ctx, s, want.name); roleErr == nil {
			want.role = r
		}
	}
	b.metrics.read(want, issued, err)
}

// note records a failure.
func (l *latestFailure) note(at time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = mintFailure{at, err.Error()}
}

// get returns the latest failure, or the zero mintFailure if there was none.
func (l *latestFailure) get() mintFailure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}
