package catalog

import "strings"

// Uncatalogued returns the scopes that the catalogue lacks, each with the scopes that may have been
// meant, such as `funding:read_profil (did you mean funding:read_profile?)`.
func Uncatalogued(scopes []string) []string {
	var unknown []string
	for _, scope := range scopes {
		if _, ok := LookupScope(scope); !ok {
			unknown = append(unknown, scope+DidYouMean(NearScopes(scope)))
		}
	}
	return unknown
}

// DidYouMean offers near matches for an unknown name, "" if there are none.
func DidYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}
