package backend

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// noSuchPath is the error for a path that no route matches.
const noSuchPath = "This path does not exist on a paxos mount. A name cannot contain a slash. List the paths with " +
	"`vault path-help " + mountMark + "`."

// rules say what the input of every path must satisfy beyond the types of its parameters.
var rules = input.Rules{
	Durations: map[string]input.Bounds{
		"grace":         {Least: 0, Most: broker.MaximumGrace},
		"poll_interval": {Least: minimumPollInterval, Most: maximumPollInterval},
	},
	Removed: map[string]map[string]string{
		"config": {"standby_clients": "store the client under clients/ with purpose=standby instead"},
	},
}

// HandleRequest answers all requests. It does three things that no single path can do:
//
// It checks the input before the SDK sees it, because the SDK repeats a value of the wrong type in
// its error. That value may be a secret.
//
// It turns the errors of all paths into responses. A failed revocation of a lease is passed to
// Vault as it is, because Vault retries on an error.
//
// It turns a panic into an error, because one process serves every mount and a panic would end all
// of them.
func (b *backend) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			b.logger.Error("a request panicked", "operation", req.Operation, "type", fmt.Sprintf("%T", cause),
				"stack", string(debug.Stack()))
			resp, err = nil, logical.CodedError(http.StatusInternalServerError,
				"Internal error in the paxos secrets engine. Contact your Vault operators. Operators: see Vault's log.")
		}
	}()
	switch req.Operation {
	case logical.CreateOperation, logical.UpdateOperation, logical.PatchOperation,
		logical.ReadOperation, logical.ListOperation, logical.DeleteOperation:
		path := b.Route(req.Path)
		if path == nil {
			return located(req.MountPoint, nil, logical.CodedError(http.StatusNotFound, noSuchPath))
		}
		if problem := rules.Check(path, req); problem != nil {
			return logical.ErrorResponse(judged(problem, path)), nil
		}
	case logical.RenewOperation:
	case logical.HelpOperation:
		return b.help(ctx, req)
	default:
		return b.Backend.HandleRequest(ctx, req)
	}
	resp, err = b.Backend.HandleRequest(ctx, req)
	if err != nil {
		resp, err = reply(err)
	}
	return located(req.MountPoint, resp, err)
}

// help answers with help for people, and with the OpenAPI document, which is complete only afterwards.
func (b *backend) help(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	resp, err := b.Backend.HandleRequest(ctx, req)
	if resp != nil {
		if document, ok := resp.Data["openapi"].(*framework.OASDocument); ok {
			spec.Complete(document, b.Paths)
		}
	}
	return resp, err
}

// judged is the text of a problem with the parameters of a request: a sentence that begins with a
// parameter of the path or with a capital.
func judged(problem error, path *framework.Path) string {
	text := fault.Sentence(problem.Error())
	first, _, _ := strings.Cut(text, " ")
	if _, parameter := path.Fields[first]; parameter || rules.Removed[strings.Trim(path.Pattern, "^$")][first] != "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// HandleExistenceCheck drops the body of the request, because whether an entry exists depends on
// the path alone. With the body, the SDK would write a value of the wrong type into the log and the
// audit log of Vault.
func (b *backend) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	bare := *req
	bare.Data = nil
	return b.Backend.HandleExistenceCheck(ctx, &bare)
}
