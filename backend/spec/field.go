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

// Name is the name in the path of an entry. input.Rules checks its form.
func Name(description string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:         framework.TypeString,
		Description:  description,
		Required:     true,
		DisplayAttrs: &framework.DisplayAttributes{Name: "Name", Identifier: true},
	}
}

// Required describes a parameter that must be given, or a field that an answer always has.
func Required(kind framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: kind, Required: true, Description: description}
}

// Secret is the parameter client_secret.
func Secret(description string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type: framework.TypeString, Description: description,
		DisplayAttrs: &framework.DisplayAttributes{Name: "Client Secret", Sensitive: true},
	}
}

// RequiredSecret is Secret where it must be given.
func RequiredSecret(description string) *framework.FieldSchema {
	field := Secret(description)
	field.Required = true
	return field
}

// Verify is the parameter verify_connection.
func Verify(description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: framework.TypeBool, Default: true, Description: description}
}

// NamePattern captures a name of any form, so that a bad one gets an error that says what is wrong,
// instead of "no such path".
const NamePattern = `(?P<name>[^/]+)`
