package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathScopes() *framework.Path {
	return spec.Listing{
		Pattern: "scopes/?$", Item: "Scope", Suffix: "scopes", Help: scopesHelp,
		Synopsis: "Search the scopes of Paxos's API.", Summary: "List the scopes in the catalogue.",
		More: spec.Parameters{"risk": riskField, "q": searchField},
		Answer: spec.Body("The scopes.",
			spec.DescribedList("For each scope: risk, description and operations (how many it allows).")),
		List: b.listScopes,
	}.Path()
}

// listScopes answers LIST scopes/. It answers from the catalogue.
func (b *backend) listScopes(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	wanted, err := filterOf(d)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, scope := range catalog.Scopes() {
		if wanted.passes(scope.Risk, "", scope.Name, scope.Description) {
			names = append(names, scope.Name)
		}
	}
	return spec.PageWith(names, d, func(name string) (map[string]any, error) {
		scope, _ := catalog.LookupScope(name)
		return map[string]any{
			"risk": scope.Risk.String(), "description": scope.Description, "operations": len(catalog.OpenedBy(name)),
		}, nil
	})
}

func (b *backend) pathScope() *framework.Path {
	return &framework.Path{
		Pattern:         "scopes/(?P<scope>[^/]+)$", // not spec.NamePattern: a scope contains a colon
		HelpSynopsis:    "A scope: which operations it allows, and its risk.",
		HelpDescription: scopesHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Scope"},
		Fields: spec.Parameters{"scope": {Type: framework.TypeString, Required: true,
			Example: "funding:read_profile", Text: "Name of the scope."}}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readScope, "Read a scope of the catalogue.",
				spec.Body("The scope.", scopeAnswer)), "read", "scope"),
		},
	}
}

// scopeAnswer are the fields of a scope that is read.
var scopeAnswer = spec.Fields{
	"name": spec.Required(framework.TypeString, "The scope."),
	"risk": spec.Required(framework.TypeString,
		"read, write, moves-money or admin: how bad the scope is in wrong hands, in the judgement of this engine."),
	"description": spec.Required(framework.TypeString,
		"Paxos's description. It begins with (docs) if it is from a guide, and with (derived) if Paxos has none and "+
			"the operations are named instead."),
	"operations": spec.Required(framework.TypeStringSlice, "The operations that the scope allows."),
	"scope_sets": spec.Required(framework.TypeStringSlice,
		"The built-in scope sets that contain it. These are use cases in Paxos's documentation."),
	"documented_in": spec.Required(framework.TypeStringSlice, "The pages that name it."),
}

// readScope answers GET scopes/:scope.
func (b *backend) readScope(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("scope").(string)
	if err := input.CheckScope(name); err != nil {
		return nil, fault.Invalid(err)
	}
	scope, ok := catalog.LookupScope(name)
	if !ok {
		return nil, notCatalogued("scope", name, catalog.NearScopes(name), "scopes")
	}
	sets := []string{}
	for _, set := range catalog.Sets() {
		if slices.Contains(set.Scopes, name) {
			sets = append(sets, set.Name)
		}
	}
	return &logical.Response{Data: map[string]any{
		"name":          scope.Name,
		"risk":          scope.Risk.String(),
		"description":   scope.Description,
		"operations":    identifiers(catalog.OpenedBy(name)),
		"scope_sets":    sets,
		"documented_in": scope.Documents(),
	}}, nil
}

const scopesHelp = `
The scopes of Paxos's API that this version of the engine knows. Paxos adds scopes
without notice, so a scope that is missing here can still be right. No request is made
to Paxos, and nothing here says which scopes your client has.

risk is how bad a scope is in wrong hands. read: see data. write: change records.
moves-money: move money, trade, or change where money goes. admin: manage the company's
API credentials. Paxos does not grade its scopes. The engine grades them by the
operations that they allow.

A list can be filtered by risk and by q (a text in the name or description). vault list
sends no parameters, so use a read:

    vault read paxos/scopes list=true risk=moves-money
    vault read paxos/scopes list=true q=withdrawal
    vault read paxos/scopes/transfer:write_crypto_withdrawal
`
