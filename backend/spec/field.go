package spec

import (
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Shorter names for what a framework.Path is made of.
type (
	Fields     = map[string]*framework.FieldSchema
	Operations = map[logical.Operation]framework.OperationHandler
	Responses  = map[int][]framework.Response
)

// nameLabel is the label of the parameter that names an entry in its path.
const nameLabel = "Name"

// Name is the name in the path of an entry. input.Rules checks its form.
func Name(text, example string) Parameter {
	return Parameter{Type: framework.TypeString, Text: text, Example: example, Required: true, Label: nameLabel}
}

// Secret is the parameter client_secret.
func Secret(text string) Parameter {
	return Parameter{
		Type: framework.TypeString, Text: text + " Write-only: it is never shown.", Example: "@secret.txt",
		Sensitive: true, Label: "Client Secret",
	}
}

// RequiredSecret is Secret where it must be given.
func RequiredSecret(text string) Parameter {
	secret := Secret(text)
	secret.Required = true
	return secret
}

// Verify is the parameter verify_connection.
func Verify(text string) Parameter {
	return Parameter{Type: framework.TypeBool, Default: true, Text: text, Example: "false"}
}

// Metadata is the parameter metadata.
func Metadata() Parameter {
	return Parameter{Type: framework.TypeKVPairs, Example: "team=payments",
		Text: "Key-value pairs for people and reports. Not secret. A write replaces all pairs."}
}

// Required describes a field that an answer always has.
func Required(kind framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: kind, Required: true, Description: description}
}

// NamePattern captures a name of any form, so that a bad one gets an error that says what is wrong,
// instead of "no such path".
const NamePattern = `(?P<name>[^/]+)`
