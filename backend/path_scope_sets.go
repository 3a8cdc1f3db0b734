package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
)

func (b *backend) pathScopeSets() *framework.Path {
	return &framework.Path{
		Pattern:         scopeSetsPrefix + "?$",
		HelpSynopsis:    "List the scope sets: those of Paxos's documentation, and those written here.",
		HelpDescription: listHelp,
		DisplayAttrs: &framework.DisplayAttributes{OperationPrefix: "paxos", Navigation: true,
			ItemType: "Scope Set"},
		Fields: pagingFields,
		Operations: operations{
			logical.ListOperation: displayed(reading(b.listScopeSets, "List the scope sets.",
				answer("The names.",
					describedList("Of each built-in set: built_in, description, source."))), "list", "scope-sets"),
		},
	}
}

// listScopeSets answers LIST scope-sets/. What it says of a set it knows without reading
// one entry each.
func (b *backend) listScopeSets(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	names, written, err := scopeSetNames(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	return pageWith(names, d, func(name string) map[string]any {
		set, ok := catalog.LookupSet(name)
		if !ok || slices.Contains(written, name) {
			return map[string]any{"built_in": false}
		}
		return map[string]any{"built_in": true, "description": set.Description, "source": set.Source}
	})
}
