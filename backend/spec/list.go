package spec

import (
	"cmp"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// Paging are the parameters of every list. `vault list` passes none; a read with list=true does.
var Paging = Parameters{
	"after": {Type: framework.TypeString, Query: true, Example: "mint",
		Text: "Return only names after this one, in alphabetical order."},
	"limit": {Type: framework.TypeInt, Query: true, Example: "100", Otherwise: "all names",
		Text: "Return at most this many names. It must be at least 1."},
}

// ListBody are the fields of the answer to a list.
var ListBody = Fields{
	"keys": Required(framework.TypeStringSlice, "The names, in order."),
}

// DescribedList is ListBody for a list that says something about each name.
func DescribedList(what string) Fields {
	return Fields{
		"keys": ListBody["keys"],
		"key_info": {Type: framework.TypeMap,
			Description: what + " `vault list -detailed` shows them as columns. Only the first 1,000 names have them."},
	}
}

// A Listing describes a path that lists names.
type Listing struct {
	Pattern  string
	Synopsis string
	Summary  string
	Suffix   string     // of the operation's name, for documentation generators
	Item     string     // what one of the names is
	Help     string     // "": the help of all lists
	Entries  bool       // the names are those of entries that a user interface may navigate to
	Active   bool       // only the active node knows the names
	More     Parameters // beside Paging
	Answer   Responses
	List     framework.OperationFunc
}

// Path is the framework's path for the listing.
func (l Listing) Path() *framework.Path {
	operation := Reading(l.List, l.Summary, l.Answer)
	if l.Active {
		operation = OnActive(l.List, l.Summary, l.Answer)
	}
	return &framework.Path{
		Pattern:         l.Pattern,
		HelpSynopsis:    l.Synopsis,
		HelpDescription: cmp.Or(l.Help, listHelp),
		DisplayAttrs: &framework.DisplayAttributes{OperationPrefix: "paxos", Navigation: l.Entries,
			ItemType: l.Item},
		Fields:     Paging.With(l.More).Fields(),
		Operations: Operations{logical.ListOperation: Displayed(operation, "list", l.Suffix)},
	}
}

// Page answers a list of these names, in order and in pages.
func Page(keys []string, d *framework.FieldData) (*logical.Response, error) {
	keys, err := paged(keys, d)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}

// PageWith is Page with what describe says about each name, as key_info. Of a long page only the
// first MostDescribed names are described, so that a list costs a bounded number of storage reads.
func PageWith(keys []string, d *framework.FieldData,
	describe func(name string) (map[string]any, error)) (*logical.Response, error) {
	keys, err := paged(keys, d)
	if err != nil {
		return nil, err
	}
	described := map[string]any{}
	for _, key := range keys[:min(len(keys), MostDescribed)] {
		about, err := describe(key)
		if err != nil {
			return nil, err
		}
		if about != nil {
			described[key] = about
		}
	}
	return logical.ListResponseWithInfo(keys, described), nil
}

// MostDescribed is how many names of a page are described.
const MostDescribed = 1000

// paged returns the page of the names that the request asks for.
func paged(keys []string, d *framework.FieldData) ([]string, error) {
	slices.Sort(keys)
	if after, ok := input.Given[string](d, "after"); ok {
		keys = slices.DeleteFunc(keys, func(key string) bool { return key <= after })
	}
	if limit, ok := input.Given[int](d, "limit"); ok {
		if limit < 1 {
			return nil, fault.BadRequest("limit must be at least 1. Leave it out to list all.")
		}
		keys = keys[:min(limit, len(keys))]
	}
	return keys, nil
}

const listHelp = `
Lists names in alphabetical order. after and limit page through them. vault list sends
no parameters, so use a read with list=true:

    vault list paxos/roles
    vault read paxos/roles list=true after=mint limit=100

vault list -detailed also shows columns for each name, where this list has them.
`
