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
			spec.Timestamp(o.Row.ExpiresAt))
	}
	if o.Err != nil {
		metadata = append(metadata, "error", o.Err.Error())
	}
	b.events.add(event{string(o.What), metadata})
}

// countRead counts what a reader got. One that was refused before its role was read, as in
// a lockdown, counts under the role all the same, if there is one of that name.
func (b *backend) countRead(ctx context.Context, s logical.Storage, want tokenRequest, issued broker.Issued,
	err error) {
	if err != nil && want.role.ID == "" && input.ValidName(want.name) {
		if r, roleErr := b.cachedRole(ctx, s, want.name); roleErr == nil {
			want.role = r
		}
	}
	b.metrics.read(want, issued, err)
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
