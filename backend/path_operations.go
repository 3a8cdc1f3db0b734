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
		Answer: spec.Body("The operationIds.",
			spec.DescribedList("For each operation: method, path, access, scopes, risk and tag.")),
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
		HelpSynopsis:    "An operation of Paxos's API: the scope that it needs, and its risk.",
		HelpDescription: operationsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Operation"},
		Fields: spec.Parameters{"id": {Type: framework.TypeString, Required: true, Example: "GetTransfer",
			Text: "Paxos's operationId. It is case-sensitive."}}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readOperation,
				"Read an operation of the catalogue.", spec.Body("The operation.",
					operationAnswer)), "read", "operation"),
		},
	}
}

// operationAnswer are the fields of an operation that is read.
var operationAnswer = spec.Fields{
	"id":     spec.Required(framework.TypeString, "Paxos's operationId."),
	"method": spec.Required(framework.TypeString, "The HTTP method."),
	"path":   spec.Required(framework.TypeString, "The path, with /v2, and with parameters in braces."),
	"access": spec.Required(framework.TypeString,
		"What the operation needs: none, token (any valid token) or scope."),
	"scopes": spec.Required(framework.TypeStringSlice, "The scopes that allow the operation."),
	"match": spec.Required(framework.TypeString,
		"any or all: whether one of the scopes is enough, or all are needed."),
	"least_scopes": spec.Required(framework.TypeStringSlice,
		"The scopes of a role that is written with only this operation."),
	"also_opens": spec.Required(framework.TypeStringSlice, "Other operations that such a role can call too."),
	"risk": spec.Required(framework.TypeString,
		"read, write, moves-money or admin: the risk of the scopes that it needs."),
	"moves_money": spec.Required(framework.TypeBool, "Whether a call may move money or change its destination."),
	"judged": spec.Required(framework.TypeString,
		"How a signer checks the body. amount: everything in the body. unlimited: everything but the amount; the "+
			"operation must also be in unlimited_operations. named: only that the operation is in operations. Empty: "+
			"the body is not checked."),
	"body_fields": spec.Required(framework.TypeStringSlice,
		"The fields that a signer allows in the body, if it checks the body. All others are refused."),
	"tag":        spec.Required(framework.TypeString, "Paxos's name for the group of endpoints."),
	"summary":    spec.Required(framework.TypeString, "Paxos's description. Empty if there is none."),
	"deprecated": spec.Required(framework.TypeBool, "Whether Paxos marks the operation as deprecated."),
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
The operations of Paxos's API by operationId, each with the scope that it needs. A role
can be written with these names: vault write paxos/roles/<name> operations=<id>,<id>.
No request is made to Paxos.

least_scopes are the scopes that a role gets which is written with only this operation.
also_opens is what such a role can call too, because Paxos has no smaller scope. access
says which few operations need no scope: none is public, and token takes any valid
token. A role cannot be written with these operations.

A list can be filtered by risk, by tag (Paxos's groups) and by q (a text in the id, path
or summary). vault list sends no parameters, so use a read:

    vault read paxos/operations list=true tag=Transfers
    vault read paxos/operations list=true q=withdraw
    vault read paxos/operations/CreateCryptoWithdrawal
`
