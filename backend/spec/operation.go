package spec

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
)

// Reading describes an operation that changes nothing and that any node can answer.
func Reading(callback framework.OperationFunc, summary string, answers Responses) *framework.PathOperation {
	return &framework.PathOperation{Callback: callback, Summary: summary, Responses: answers}
}

// OnActive describes an operation that only the active node can answer: it stores something, calls
// Paxos, or tells what only that node knows. Vault forwards it from other nodes.
func OnActive(callback framework.OperationFunc, summary string, answers Responses) *framework.PathOperation {
	return &framework.PathOperation{
		Callback: callback, Summary: summary, Responses: answers,
		ForwardPerformanceStandby: true, ForwardPerformanceSecondary: true,
	}
}

// Displayed names an operation for documentation generators: paxos-verb-suffix.
func Displayed(operation *framework.PathOperation, verb, suffix string) *framework.PathOperation {
	operation.DisplayAttrs = &framework.DisplayAttributes{OperationPrefix: "paxos", OperationVerb: verb,
		OperationSuffix: suffix}
	return operation
}

// Body describes an answer with these fields.
func Body(description string, body Fields) Responses {
	return Responses{200: {{Description: description, Fields: body}}}
}

// Text describes an answer that is plain text, not JSON.
func Text(description string) Responses {
	return Responses{200: {{Description: description, MediaType: "text/plain"}}}
}

// NoBody describes an answer without a body.
func NoBody(description string) Responses {
	return Responses{204: {{Description: description}}}
}

// EntryExists is the existence check of a path whose entries are stored under the path of the
// request.
func EntryExists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	if !input.ValidName(d.Get("name").(string)) {
		return false, nil // the request itself will say what is wrong with the name
	}
	entry, err := req.Storage.Get(ctx, req.Path)
	return entry != nil, err
}
