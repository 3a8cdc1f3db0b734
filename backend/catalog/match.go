package catalog

import "strings"

// Match finds the operation of a request, by its method and its path with /v2 and without query. It
// is strict: a path with an empty segment, a dot segment or anything escaped belongs to no
// operation, since Paxos might read it as another.
func Match(method, path string) (Operation, bool) {
	for _, o := range known().operations {
		if o.Method == method && fits(o.Path, path) {
			return o.copy(), true
		}
	}
	return Operation{}, false
}

// fits says whether a path is of the form of the template, segment by segment.
func fits(template, path string) bool {
	for {
		wanted, templateRest, more := strings.Cut(template, "/")
		segment, pathRest, moreOfPath := strings.Cut(path, "/")
		if more != moreOfPath || !stands(segment, wanted) {
			return false
		}
		if !more {
			return true
		}
		template, path = templateRest, pathRest
	}
}

// stands says whether a segment of a path may stand where the template has the wanted one.
func stands(segment, wanted string) bool {
	if isParameter(wanted) {
		return isPlain(segment)
	}
	return segment == wanted
}

// isParameter says whether a segment of a template stands for a value, as {id} does.
func isParameter(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")
}

// isPlain says whether a segment means just what it says: one or more of RFC 3986's unreserved
// characters, not all dots.
func isPlain(segment string) bool {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~"
	return strings.Trim(segment, unreserved+".") == "" && strings.ContainsAny(segment, unreserved)
}
