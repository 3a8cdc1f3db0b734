package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// usualLife is about how long a token of Paxos is valid.
const usualLife = time.Hour

// roleWarnings tell the writer of a role what will not work as the role says.
func (b *backend) roleWarnings(ctx context.Context, s logical.Storage, name string, r role,
	rails guardrails) ([]string, error) {
	var warnings []string
	if unknown := catalog.Uncatalogued(r.ResolvedScopes); len(unknown) > 0 {
		warnings = append(warnings, unknownScopes(unknown))
	}
	if beyond := rails.forbidden(r.ResolvedScopes); beyond != "" {
		warnings = append(warnings, "Reads of the whole role are refused; reads narrowed to allowed scopes still work. "+
			"The guardrails of this mount do not allow "+beyond+".")
	}
	if r.CredentialType == accessToken && r.TTL > usualLife {
		warnings = append(warnings,
			fmt.Sprintf("ttl is %s, but a token of Paxos is valid for about an hour. Leases end with their token.", r.TTL))
	}
	if rails.shortens(r) {
		warnings = append(warnings,
			fmt.Sprintf("ttl or max_ttl exceeds max_ttl of config/guardrails. Leases are shortened to %s.", rails.MaxTTL))
	}
	lacking, err := b.clientWarnings(ctx, s, name, r)
	return append(warnings, lacking...), err
}

// unknownScopes warns of scopes that the catalogue lacks, each with the scope that may have been
// meant.
func unknownScopes(unknown []string) string {
	if len(unknown) == 1 {
		scope, meant, _ := strings.Cut(unknown[0], " ")
		return strings.TrimSpace(fmt.Sprintf("Unknown scope %q %s", scope, meant)) +
			". It was saved; Paxos will probably reject it."
	}
	return "Unknown scopes: " + input.Shortened(unknown) + ". They were saved; Paxos will probably reject them."
}

// clientWarnings warn of clients of the role that do not exist, do not allow the role, or lack its
// scopes as far as that is known.
func (b *backend) clientWarnings(ctx context.Context, s logical.Storage, name string, r role) ([]string, error) {
	seen, err := b.credentialList(ctx, s)
	if err != nil {
		return nil, err
	}
	names := r.Clients
	if r.CredentialType == accessToken {
		if names = []string{r.Client}; r.Client == "" {
			return rootWarnings(ctx, s, r, seen)
		}
	}
	var warnings []string
	for _, client := range names {
		n, err := loadStoredClient(ctx, s, client)
		switch {
		case errors.Is(err, store.ErrNotFound):
			warnings = append(warnings,
				fmt.Sprintf("Client %q does not exist. This role cannot use it until it is stored at %sclients/%s.",
					client, mountMark, client))
			continue
		case err != nil:
			return warnings, err
		}
		if !n.allows(name) {
			warnings = append(warnings,
				fmt.Sprintf("Client %q does not allow this role: add %q to allowed_roles of %sclients/%s.", client,
					name, mountMark, client))
		}
		scopes := n.Scopes
		g, _ := n.current()
		if listed := seen.find(g.ClientID); listed != nil && seen.ListedAt.After(g.Since) {
			scopes = listed.Scopes
		}
		if lacking := catalog.Without(r.ResolvedScopes, scopes); len(lacking) > 0 {
			warnings = append(warnings, lacks(fmt.Sprintf("Client %q", client), lacking))
		}
	}
	return warnings, nil
}

// rootWarnings warn of scopes that the root client lacks. Only the list of credentials from Paxos
// tells which scopes it has.
func rootWarnings(ctx context.Context, s logical.Storage, r role, seen credentialList) ([]string, error) {
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	g, _ := root.current()
	listed := seen.find(g.ClientID)
	if listed == nil {
		return nil, nil
	}
	if lacking := catalog.Without(r.ResolvedScopes, listed.Scopes); len(lacking) > 0 {
		return []string{lacks("The root client", lacking)}, nil
	}
	return nil, nil
}

// lacks warns that a client lacks scopes of the role.
func lacks(client string, scopes []string) string {
	return client + " lacks " + input.Shortened(scopes) +
		": Paxos will refuse token requests for the whole role. Add them in the Dashboard, or change the role."
}

// shortens reports whether the guardrails allow only shorter leases than the role asks for.
func (g guardrails) shortens(r role) bool { return max(r.TTL, r.MaxTTL) > g.MaxTTL }
