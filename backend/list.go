package backend

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// pagingFields are the parameters of every list. `vault list` passes none; a read
// with list=true does.
var pagingFields = fields{
	"after": {Type: framework.TypeString, Query: true, Description: "Begin behind this name."},
	"limit": {Type: framework.TypeInt, Query: true, Description: "Most names to return; without it, all."},
}

// listAnswer is what a list holds.
var listAnswer = fields{
	"keys": required(framework.TypeStringSlice, "The names, in order."),
}

// describedList is what a list holds that says something of each name.
func describedList(what string) fields {
	return fields{
		"keys":     listAnswer["keys"],
		"key_info": {Type: framework.TypeMap, Description: what},
	}
}

// filtering are the parameters of a list that can be searched.
func filtering(more fields) fields {
	all := maps.Clone(pagingFields)
	maps.Copy(all, more)
	return all
}

// A listing describes a path that lists names, where it is not like all others.
type listing struct {
	pattern  string
	synopsis string
	summary  string
	suffix   string // of the operation's name, for documentation generators
	item     string // what one of the names is
	help     string // empty: listHelp
	entries  bool   // the names are those of entries that a user interface may navigate to
	active   bool   // only the active node knows the names
	fields   fields // nil: pagingFields
	answer   responses
	list     framework.OperationFunc
}

// path is the framework's path for the listing.
func (l listing) path() *framework.Path {
	operation := reading(l.list, l.summary, l.answer)
	if l.active {
		operation = onActive(l.list, l.summary, l.answer)
	}
	if l.fields == nil {
		l.fields = pagingFields
	}
	return &framework.Path{
		Pattern:         l.pattern,
		HelpSynopsis:    l.synopsis,
		HelpDescription: cmp.Or(l.help, listHelp),
		DisplayAttrs: &framework.DisplayAttributes{OperationPrefix: "paxos", Navigation: l.entries,
			ItemType: l.item},
		Fields:     l.fields,
		Operations: operations{logical.ListOperation: displayed(operation, "list", l.suffix)},
	}
}

// listStored answers a LIST of what is stored under a prefix, in pages.
func listStored(prefix string) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		keys, err := req.Storage.List(ctx, prefix)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", prefix, err)
		}
		return page(keys, d)
	}
}

// page answers a LIST of these names, in order and in pages.
func page(keys []string, d *framework.FieldData) (*logical.Response, error) {
	keys, err := paged(keys, d)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}

// pageWith is page with what there is to say of each name, as key_info.
func pageWith(keys []string, d *framework.FieldData,
	describe func(name string) map[string]any) (*logical.Response, error) {
	keys, err := paged(keys, d)
	if err != nil {
		return nil, err
	}
	described := map[string]any{}
	for _, key := range keys {
		described[key] = describe(key)
	}
	return logical.ListResponseWithInfo(keys, described), nil
}

// paged is the page of the names that the request asks for.
func paged(keys []string, d *framework.FieldData) ([]string, error) {
	slices.Sort(keys)
	if after, ok := input.Given[string](d, "after"); ok {
		keys = slices.DeleteFunc(keys, func(key string) bool { return key <= after })
	}
	if limit, ok := input.Given[int](d, "limit"); ok {
		if limit < 1 {
			return nil, fault.BadRequest("limit must be at least 1; leave it out to list all")
		}
		keys = keys[:min(limit, len(keys))]
	}
	return keys, nil
}

const listHelp = `
Lists names in order. after and limit page through them; vault list passes no
parameters, so use a read with list=true: vault read paxos/roles list=true limit=100
`
