package backend

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
)

type (
	fields     = map[string]*framework.FieldSchema
	operations = map[logical.Operation]framework.OperationHandler
	responses  = map[int][]framework.Response
)

// nameField is the name in the path of a role. Its form is checkNames's business.
func nameField(description string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:         framework.TypeString,
		Description:  description,
		Required:     true,
		DisplayAttrs: &framework.DisplayAttributes{Name: "Name", Identifier: true},
	}
}

// required describes a parameter that must be given, or a field that an answer always has.
func required(kind framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: kind, Required: true, Description: description}
}

// secretField is the parameter client_secret.
func secretField(description string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeString, Description: description,
		DisplayAttrs: &framework.DisplayAttributes{Name: "Client Secret", Sensitive: true},
	}
}

// requiredSecret is secretField where the secret must be given.
func requiredSecret(description string) *framework.FieldSchema {
	field := secretField(description)
	field.Required = true
	return field
}

// verifyField is the parameter verify_connection.
func verifyField(description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: framework.TypeBool, Default: true, Description: description}
}

// namePattern captures a name of any form, so that a bad one gets an error that
// says what is wrong, not a missing path.
const namePattern = `(?P<name>[^/]+)`

// reading describes an operation that changes nothing and may run on any node.
func reading(callback framework.OperationFunc, summary string, answers responses) *framework.PathOperation {
	return &framework.PathOperation{Callback: callback, Summary: summary, Responses: answers}
}

// onActive describes an operation that stores something, calls Paxos or reports
// what only the active node knows.
func onActive(callback framework.OperationFunc, summary string, answers responses) *framework.PathOperation {
	return &framework.PathOperation{
		Callback: callback, Summary: summary, Responses: answers,
		ForwardPerformanceStandby: true, ForwardPerformanceSecondary: true,
	}
}

// responseBody describes a reply with a body of these fields.
func responseBody(description string, body fields) responses {
	return responses{200: {{Description: description, Fields: body}}}
}

// noResponseBody describes a reply without a body.
func noResponseBody(description string) responses {
	return responses{204: {{Description: description}}}
}

// display names an operation for documentation generators: prefix-verb-suffix.
func display(verb, suffix string) *framework.DisplayAttributes {
	return &framework.DisplayAttributes{OperationPrefix: "paxos", OperationVerb: verb, OperationSuffix: suffix}
}

// entryExists is the existence check of a path whose entries are stored under the
// request's own path.
func entryExists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	if !input.ValidName(d.Get("name").(string)) {
		return false, nil // the request itself will say what is wrong with the name
	}
	entry, err := req.Storage.Get(ctx, req.Path)
	return entry != nil, err
}

// seconds is how durations are answered.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// timestamp is how times are answered; a time that never was is left empty.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// displayed names an operation for documentation generators.
func displayed(operation *framework.PathOperation, verb, suffix string) *framework.PathOperation {
	operation.DisplayAttrs = display(verb, suffix)
	return operation
}
