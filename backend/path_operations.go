package backend

import (
	"context"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathOperations() *framework.Path {
	return spec.Listing{
		Pattern: "operations/?$", Item: "Operation", Suffix: "operations", Help: operationsHelp,
		Synopsis: "Search the operations of Paxos's API.", Summary: "List the operations in the catalogue.",
		More: spec.Parameters{"risk": riskField, "tag": tagField, "q": searchField},
		Answer: spec.Body("Their ids.",
			spec.DescribedList("Of each operation: method, path, access, scopes, risk, tag.")),
		List: b.listOperations,
	}.Path()
}

// listOperations answers LIST operations/. It answers from the catalogue.
func (b *backend) listOperations(_ context.Context, _ *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	wanted, err := filterOf(d)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, o := range catalog.Operations() {
		if wanted.passes(o.Risk(), o.Tag, o.ID, o.Path, o.Summary) {
			names = append(names, o.ID)
		}
	}
	return spec.PageWith(names, d, func(id string) (map[string]any, error) {
		o, _ := catalog.LookupOperation(id)
		return map[string]any{
			"method": o.Method, "path": o.Path, "access": string(o.Access), "scopes": append([]string{},
				o.Scopes...), "risk": o.Risk().String(), "tag": o.Tag,
		}, nil
	})
}

func (b *backend) pathOperation() *framework.Path {
	return &framework.Path{
		Pattern:         "operations/(?P<id>[^/]+)$",
		HelpSynopsis:    "An operation of Paxos's API: the scope it needs, and how much harm it can do.",
		HelpDescription: operationsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Operation"},
		Fields: spec.Parameters{"id": {Type: framework.TypeString, Required: true, Example: "GetTransfer",
			Text: "Paxos's operationId. It is case-sensitive."}}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readOperation,
				"Read what the catalogue knows of an operation.", spec.Body("The operation.",
					operationAnswer)), "read", "operation"),
		},
	}
}

// operationAnswer are the fields of an operation that is read.
var operationAnswer = spec.Fields{
	"id":     spec.Required(framework.TypeString, "Paxos's operationId."),
	"method": spec.Required(framework.TypeString, "The HTTP method."),
	"path":   spec.Required(framework.TypeString, "The path, with /v2 and with parameters in braces."),
	"access": spec.Required(framework.TypeString,
		"What it asks of its caller: none, token (a live one, whatever its scopes) or scope."),
	"scopes": spec.Required(framework.TypeStringSlice, "The scopes it takes."),
	"match":  spec.Required(framework.TypeString, "Whether it takes any of its scopes or needs all."),
	"least_scopes": spec.Required(framework.TypeStringSlice,
		"What a role gets that is written by this operation alone."),
	"also_opens": spec.Required(framework.TypeStringSlice, "The operations that such a role can call besides."),
	"risk": spec.Required(framework.TypeString,
		"read, write, moves-money or admin: that of the scopes it needs at least."),
	"moves_money": spec.Required(framework.TypeBool, "Whether a call may move money, or say where money goes."),
	"judged": spec.Required(framework.TypeString, "How a signer judges its body: amount (all that the body says), "+
		"unlimited (all but the amount; also needs unlimited_operations), named (operations suffices), or empty "+
		"(any body)."),
	"body_fields": spec.Required(framework.TypeStringSlice,
		"The fields that a signer allows in its body, where it judges the body; any other is refused."),
	"tag":        spec.Required(framework.TypeString, "Paxos's group of endpoints."),
	"summary":    spec.Required(framework.TypeString, "Paxos's words; empty if it has none."),
	"deprecated": spec.Required(framework.TypeBool, "Whether Paxos calls it deprecated."),
}

// readOperation answers GET operations/:id.
func (b *backend) readOperation(_ context.Context, _ *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("id").(string)
	o, ok := catalog.LookupOperation(id)
	if !ok {
		return nil, notCatalogued("operation", id, catalog.NearOperations(id), "operations")
	}
	match := "all"
	if o.AnyScope {
		match = "any"
	}
	least, beyond := []string{}, []string{}
	if o.Access == catalog.WithScope {
		resolution, err := catalog.Resolve([]string{id}, nil)
		if err != nil {
			return nil, err
		}
		least, beyond = resolution.Scopes, identifiers(catalog.Beyond(resolution.Scopes, []string{id}))
	}
	moves, _ := payment.LookupMovement(id)
	fields := slices.DeleteFunc(moves.Fields(), func(field string) bool {
		return slices.Contains(moves.Forbidden, field)
	})
	slices.Sort(fields)
	return &logical.Response{Data: map[string]any{
		"judged":       string(moves.Judged),
		"body_fields":  append([]string{}, slices.Compact(fields)...),
		"id":           o.ID,
		"method":       o.Method,
		"path":         o.Path,
		"access":       string(o.Access),
		"scopes":       append([]string{}, o.Scopes...),
		"match":        match,
		"least_scopes": least,
		"also_opens":   beyond,
		"risk":         o.Risk().String(),
		"moves_money":  o.MovesMoney(),
		"tag":          o.Tag,
		"summary":      o.Summary,
		"deprecated":   o.Deprecated,
	}}, nil
}

const operationsHelp = `
The operations of Paxos's API by their operationId, each with the scope that it
needs: to write a role by what an application does, roles/<name> takes these ids as
operations. Nothing is asked of Paxos.

least_scopes is what a role gets that is written by this operation alone, also_opens
what that role can call besides: Paxos has no smaller scope. access tells the few
that need none: none is public, token takes any live token. A role cannot be written
by these.

A list may be narrowed by risk, by tag (Paxos's groups) and by q, a text in the id,
path or summary; after and limit page through it. vault list passes no parameters,
so use a read:

    vault read paxos/operations list=true tag=Transfers
    vault read paxos/operations list=true q=withdraw
    vault read paxos/operations/CreateCryptoWithdrawal
`
