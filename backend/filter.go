package backend

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// The parameters by which the catalogue is searched.
var (
	riskField = &framework.FieldSchema{
		Type: framework.TypeString, Query: true, AllowedValues: []any{"read", "write", "moves-money", "admin"},
		Description: "Only those of this risk: read, write, moves-money or admin.",
	}
	searchField = &framework.FieldSchema{Type: framework.TypeString, Query: true,
		Description: "Only those with this text in them, in any case."}
	tagField = &framework.FieldSchema{Type: framework.TypeString, Query: true,
		Description: "Only those of this group of Paxos's, such as Transfers, in any case."}
)

// A filter says what of the catalogue was asked for; the zero filter lets all pass.
type filter struct {
	risk   catalog.Risk
	tag    string
	search string // in lower case
}

// filterOf reads the filter of a request.
func filterOf(d *framework.FieldData) (f filter, err error) {
	if risk, ok := input.Given[string](d, "risk"); ok {
		if f.risk, err = catalog.ParseRisk(risk); err != nil {
			return f, fault.BadRequest("risk must be read, write, moves-money or admin")
		}
	}
	if tag, ok := input.Given[string](d, "tag"); ok {
		if f.tag, ok = lookupTag(tag); !ok {
			return f, fault.BadRequest("tag %s is none of Paxos's; there are: %s", input.Excerpt(tag),
				strings.Join(tags(), ", "))
		}
	}
	text, _ := input.Given[string](d, "q")
	f.search = strings.ToLower(text)
	return f, nil
}

// passes reports whether something of this risk and tag, with these texts, was asked
// for.
func (f filter) passes(risk catalog.Risk, tag string, texts ...string) bool {
	found := func(text string) bool { return strings.Contains(strings.ToLower(text), f.search) }
	return (f.risk == 0 || f.risk == risk) && (f.tag == "" || f.tag == tag) && slices.ContainsFunc(texts, found)
}

// lookupTag finds a tag as Paxos writes it.
func lookupTag(written string) (string, bool) {
	all := tags()
	i := slices.IndexFunc(all, func(tag string) bool { return strings.EqualFold(tag, written) })
	if i < 0 {
		return "", false
	}
	return all[i], true
}

// tags are Paxos's groups of operations.
func tags() []string {
	var all []string
	for _, operation := range catalog.Operations() {
		all = append(all, operation.Tag)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// identifiers are the ids of operations, never nil.
func identifiers(all []catalog.Operation) []string {
	names := []string{}
	for _, operation := range all {
		names = append(names, operation.ID)
	}
	return names
}

// notCatalogued is the 404 for what the catalogue lacks, with what may have been
// meant.
func notCatalogued(kind, name string, near []string, path string) error {
	return fault.New(http.StatusNotFound, "the catalogue has no %s %s%s; `vault list` of the mount's %s shows those "+
		"there are", kind, input.Excerpt(name), catalog.DidYouMean(near), path)
}
