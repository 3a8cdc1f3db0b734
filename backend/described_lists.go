package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/report"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// rootClientShown stands for the root client in lists. No stored client can have this name.
const rootClientShown = "root client"

// listDescribed answers a list of the entries under a prefix. load reads one of them, and describe
// says about it what `vault list -detailed` shows.
func listDescribed[T any](ctx context.Context, req *logical.Request, d *framework.FieldData, prefix string,
	load func(name string) (T, error), describe func(entry T) (map[string]any, error)) (*logical.Response, error) {
	names, err := req.Storage.List(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", prefix, err)
	}
	return spec.PageWith(names, d, func(name string) (map[string]any, error) {
		entry, err := load(name)
		switch {
		case store.IsUnreadable(err):
			return map[string]any{"state": string(stateUnreadable)}, nil
		case errors.Is(err, store.ErrNotFound): // deleted meanwhile
			return nil, nil
		case err != nil:
			return nil, err
		}
		about, err := describe(entry)
		if store.IsUnreadable(err) { // of another entry, such as the guardrails: the name stays without columns
			return nil, nil
		}
		return about, err
	})
}

// listRoles answers LIST roles/. Roles come from memory where they are there, because reads of
// tokens keep them there too.
func (b *backend) listRoles(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return nil, err
	}
	live := map[string]int{}
	for _, row := range rows {
		live[row.Key.Role]++
	}
	pools := pooledScopes{}
	return listDescribed(ctx, req, d, rolesPrefix,
		func(name string) (role, error) { return b.cachedRole(ctx, req.Storage, name) },
		func(r role) (map[string]any, error) {
			g, err := b.cachedGuardrails(ctx, req.Storage)
			if err != nil {
				return nil, err
			}
			scopes, client := r.ResolvedScopes, cmp.Or(r.Client, rootClientShown)
			if r.CredentialType == clientCredentials { // its readers get all that its clients can do
				client = strings.Join(r.Clients, " ")
				if scopes, err = pools.of(ctx, req.Storage, r.Clients); err != nil {
					return nil, err
				}
			}
			return map[string]any{"credential_type": r.CredentialType, "client": client, "risk": report.RiskName(scopes),
				"state": r.stateUnder(g), "live_tokens": live[r.ID]}, nil
		})
}

// stateUnder is what a list shows of the role: whether it issues anything under the guardrails.
func (r role) stateUnder(g guardrails) string {
	switch {
	case r.Disabled:
		return "disabled"
	case g.check(r.ResolvedScopes) != nil:
		return "forbidden"
	}
	return "active"
}

// pooledScopes remembers the scopes of the clients that roles lease, by name, so that one list reads
// each of them once.
type pooledScopes map[string][]string

// of returns the scopes of these clients together. A client that is not stored or cannot be read has
// none.
func (p pooledScopes) of(ctx context.Context, s logical.Storage, clients []string) (all []string, err error) {
	for _, name := range clients {
		scopes, known := p[name]
		if !known {
			n, err := store.Load[storedClient](ctx, s, clientsPrefix+name)
			if err != nil && !errors.Is(err, store.ErrNotFound) && !store.IsUnreadable(err) {
				return nil, err
			}
			scopes = n.Scopes
			p[name] = scopes
		}
		all = append(all, scopes...)
	}
	return all, nil
}

// listClients answers LIST clients/. It reads the entries from storage, so that the secrets of
// clients that nobody uses do not stay in memory.
func (b *backend) listClients(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	var u uses
	now := b.options.Now()
	return listDescribed(ctx, req, d, clientsPrefix,
		func(name string) (storedClient, error) {
			n, err := store.Load[storedClient](ctx, req.Storage, clientsPrefix+name)
			if err == nil {
				err = u.complete(ctx, req.Storage, name, &n)
			}
			return n, err
		},
		func(n storedClient) (map[string]any, error) {
			g, _ := n.current()
			holder := ""
			if n.State == stateLeased && n.Checkout != nil {
				holder = n.Checkout.Role
			}
			return map[string]any{
				"client_id": g.ClientID, "purpose": string(n.Purpose), "state": string(n.State), "disabled": n.Disabled,
				"held_by_role": holder, "secret_age_days": int(now.Sub(g.Since) / (24 * time.Hour)),
			}, nil
		})
}

// listKeys answers LIST keys/. It reads the entries from storage, so that the private keys that
// nobody uses do not stay in memory.
func (b *backend) listKeys(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	clientIDs := map[string]string{}
	return listDescribed(ctx, req, d, keysPrefix,
		func(name string) (signingKey, error) { return loadSigningKey(ctx, req.Storage, name) },
		func(k signingKey) (map[string]any, error) {
			clientID, known := clientIDs[k.Client]
			if !known {
				var err error
				if clientID, err = clientIDOf(ctx, req.Storage, k.Client); err != nil {
					return nil, err
				}
				clientIDs[k.Client] = clientID
			}
			signs, _ := k.signs(clientID)
			return map[string]any{"type": string(k.Type), "client": cmp.Or(k.Client, rootClientShown),
				"latest_version": k.latest().Number, "signs_with": signs.Number}, nil
		})
}

// listSigners answers LIST signers/. It leaves out who may be paid how much, which is for those who
// may read the signer.
func (b *backend) listSigners(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return listDescribed(ctx, req, d, signersPrefix,
		func(name string) (signer, error) { return b.entries.signers.Get(ctx, req.Storage, signersPrefix+name) },
		func(s signer) (map[string]any, error) {
			state := "active"
			if s.Disabled {
				state = "disabled"
			}
			return map[string]any{"key": s.Key, "operations": strings.Join(s.Operations, " "), "state": state}, nil
		})
}

// listExceptions answers LIST exceptions/.
func (b *backend) listExceptions(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	now := b.options.Now()
	return listDescribed(ctx, req, d, exceptionsPrefix,
		func(name string) (exception, error) {
			return store.Load[exception](ctx, req.Storage, exceptionsPrefix+name)
		},
		func(e exception) (map[string]any, error) {
			return map[string]any{"rule": string(e.Rule), "subject": e.Subject, "expires_at": spec.Timestamp(e.ExpiresAt),
				"expired": e.expired(now)}, nil
		})
}
