package catalog

// Uncatalogued returns the scopes that the catalogue lacks, each with a question about the scopes that
// may have been meant, such as "funding:read_profil (did you mean funding:read_profile?)".
func Uncatalogued(scopes []string) []string {
	var unknown []string
	for _, scope := range scopes {
		if _, ok := LookupScope(scope); !ok {
			unknown = append(unknown, scope+DidYouMean(NearScopes(scope)))
		}
	}
	return unknown
}
