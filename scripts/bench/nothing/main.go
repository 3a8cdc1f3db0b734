// Command nothing is a Vault plugin on the usual framework that answers every read and every request
// for a signature with the same text, which is the least that a secrets engine can do. Its answer has
// a token or a signature only, so that the cost of the other members of the engine's answer counts
// against the engine.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

func main() {
	var meta api.PluginAPIClientMeta
	err := meta.FlagSet().Parse(os.Args[1:])
	if err == nil {
		err = plugin.ServeMultiplex(&plugin.ServeOpts{
			BackendFactoryFunc: factory,
			TLSProviderFunc:    api.VaultPluginTLSProvider(meta.GetTLSConfig()),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// token is as long as a token of Paxos.
var token = strings.Repeat("x", 87)

// signature is as long as the signature of a withdrawal.
var signature = strings.Repeat("x", 700)

// secret is the lease of an answer of creds/.
var secret = &framework.Secret{
	Type:   "nothing",
	Fields: map[string]*framework.FieldSchema{"access_token": {Type: framework.TypeString}},
	Revoke: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
		return nil, nil
	},
}

// factory returns the backend of a mount.
func factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Secrets:     []*framework.Secret{secret},
		Paths: []*framework.Path{
			path("token", logical.ReadOperation, func() *logical.Response { return &logical.Response{Data: answer()} }),
			path("creds", logical.ReadOperation, func() *logical.Response {
				response := secret.Response(answer(), nil)
				response.Secret.TTL = time.Hour
				return response
			}),
			path("sign", logical.UpdateOperation, func() *logical.Response {
				headers := map[string]any{"Paxos-Signature": signature}
				return &logical.Response{Data: map[string]any{"headers": headers}}
			}),
		},
	}
	return b, b.Setup(ctx, conf)
}

// path returns a path that ends with a name and has one operation.
func path(prefix string, operation logical.Operation, answer func() *logical.Response) *framework.Path {
	return &framework.Path{
		Pattern: prefix + "/" + framework.GenericNameRegex("name"),
		Fields: map[string]*framework.FieldSchema{"name": {Type: framework.TypeString},
			"method": {Type: framework.TypeString}, "path": {Type: framework.TypeString},
			"body": {Type: framework.TypeString}},
		Operations: map[logical.Operation]framework.OperationHandler{
			operation: &framework.PathOperation{Callback: func(context.Context, *logical.Request,
				*framework.FieldData) (*logical.Response, error) {
				return answer(), nil
			}},
		},
	}
}

// answer returns the data of every answer.
func answer() map[string]any { return map[string]any{"access_token": token} }
