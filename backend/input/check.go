package input

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Rules are what Check knows of parameters beyond their types.
type Rules struct {
	// Durations has the bounds of durations, by parameter. Such a parameter means the same on every
	// path.
	Durations map[string]Bounds
	// Removed says what to use instead of a parameter that a path once had. The keys are the
	// pattern of the path, without ^ and $, and the parameter.
	Removed map[string]map[string]string
}

// Check judges what the caller sent before anything reads it: that the names in the path are well
// formed, that the path has every parameter, and that every value has the parameter's type. The error
// names the parameter and says what would be right. It never repeats the value, which may be a secret.
// That is why Check comes before the SDK, whose errors repeat values, and Vault logs and audits them.
func (r Rules) Check(path *framework.Path, req *logical.Request) error {
	if err := checkNames(path, req.Path); err != nil {
		return err
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(req.Data)) {
		field, ok := path.Fields[name]
		if !ok {
			if instead, removed := r.Removed[strings.Trim(path.Pattern, "^$")][name]; removed {
				return fmt.Errorf("%s was removed: %s", name, instead)
			}
			unknown = append(unknown, Excerpt(name))
			continue
		}
		if req.Data[name] == nil && req.Operation == logical.PatchOperation {
			continue // in a JSON merge patch (RFC 7396), null gives the default back
		}
		wrong := checkValue(field.Type, req.Data[name])
		if bounds, ok := r.Durations[name]; ok && !bounds.Admits(req.Data[name]) {
			wrong = bounds.String()
		}
		if wrong != "" {
			return fmt.Errorf("%s must be %s", name, wrong)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("unknown parameter %s. Parameters of this path: %s",
			strings.Join(unknown[:min(len(unknown), 5)], ", "), known(path))
	}
	return nil
}

// known lists the parameters that a path takes in its body or query.
func known(path *framework.Path) string {
	var names []string
	for name := range path.Fields {
		if !strings.Contains(path.Pattern, "<"+name+">") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
