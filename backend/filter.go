package backend

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// The parameters with which a list of the catalogue is filtered.
var (
	riskField = spec.Parameter{
		Type: framework.TypeString, Query: true, Allowed: []string{"read", "write", "moves-money", "admin"},
		Otherwise: "every risk", Example: "moves-money",
		Text: "Return only entries of this risk: read, write, moves-money or admin.",
	}
	searchField = spec.Parameter{Type: framework.TypeString, Query: true, Example: "withdraw",
		Text: "Return only entries that contain this text. Upper and lower case are the same."}
	tagField = spec.Parameter{Type: framework.TypeString, Query: true, Otherwise: "every tag", Example: "Transfers",
		Text: "Return only operations with this tag, which is Paxos's name for a group of endpoints. Upper and " +
			"lower case are the same."}
)

// A filter says which entries of the catalogue a request asks for. The zero filter passes every
// entry.
type filter struct {
	risk   catalog.Risk // 0: any
	tag    string       // as Paxos writes it; "": any
	search string       // in lower case; "": any
}

// filterOf returns the filter that a request asks for.
func filterOf(d *framework.FieldData) (f filter, err error) {
	if risk, ok := input.Given[string](d, "risk"); ok {
		if f.risk, err = catalog.ParseRisk(risk); err != nil {
			return f, fault.BadRequest("risk must be read, write, moves-money or admin.")
		}
	}
	if tag, ok := input.Given[string](d, "tag"); ok {
		if f.tag, ok = lookupTag(tag); !ok {
			return f, fault.BadRequest("Unknown tag %s. Valid tags: %s.", input.Excerpt(tag),
				strings.Join(tags(), ", "))
		}
	}
	text, _ := input.Given[string](d, "q")
	f.search = strings.ToLower(text)
	return f, nil
}

// passes reports whether the filter passes an entry with this risk and tag. The text that was
// searched for must be in one of texts.
func (f filter) passes(risk catalog.Risk, tag string, texts ...string) bool {
	found := func(text string) bool { return strings.Contains(strings.ToLower(text), f.search) }
	return (f.risk == 0 || f.risk == risk) && (f.tag == "" || f.tag == tag) && slices.ContainsFunc(texts, found)
}

// lookupTag returns a tag as Paxos writes it. written may differ in case.
func lookupTag(written string) (string, bool) {
	all := tags()
	i := slices.IndexFunc(all, func(tag string) bool { return strings.EqualFold(tag, written) })
	if i < 0 {
		return "", false
	}
	return all[i], true
}

// tags lists the tags by which Paxos groups its operations, sorted.
func tags() []string {
	var all []string
	for _, operation := range catalog.Operations() {
		all = append(all, operation.Tag)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// identifiers returns the ids of operations. It never returns nil, so that an answer holds [].
func identifiers(all []catalog.Operation) []string {
	names := []string{}
	for _, operation := range all {
		names = append(names, operation.ID)
	}
	return names
}

// notCatalogued returns the 404 for a name that the catalogue does not have. near are names that
// the caller may have meant. path is the one that lists all names.
func notCatalogued(kind, name string, near []string, path string) error {
	return fault.New(http.StatusNotFound, "The catalogue has no %s %s%s. List all with `vault list %s%s`.", kind,
		input.Excerpt(name), catalog.DidYouMean(near), mountMark, path)
}
