package catalog

import "strings"

// Match finds the operation of a request by its method, in upper case, and its path, which begins
// with /v2 and has no query. It reports whether there is one. It is strict: a path with an empty
// segment, a dot segment or an escaped character matches no operation, because Paxos might take it
// for another path.
func Match(method, path string) (Operation, bool) {
	for _, o := range known().operations {
		if o.Method == method && fits(o.Path, path) {
			return o.copy(), true
		}
	}
	return Operation{}, false
}

// Parameter returns the value of a parameter of the operation's path, such as profile_id, in a path
// that fits the operation; empty if the operation has no such parameter.
func (o Operation) Parameter(name, path string) string {
	segments := strings.Split(path, "/")
	for i, wanted := range strings.Split(o.Path, "/") {
		if wanted == "{"+name+"}" && i < len(segments) {
			return segments[i]
		}
	}
	return ""
}

// fits reports whether a path has the form of the template, segment by segment.
func fits(template, path string) bool {
	for {
		wanted, templateRest, more := strings.Cut(template, "/")
		segment, pathRest, moreOfPath := strings.Cut(path, "/")
		if more != moreOfPath || !fitsSegment(segment, wanted) {
			return false
		}
		if !more {
			return true
		}
		template, path = templateRest, pathRest
	}
}

// fitsSegment reports whether a segment of a path fits one segment of a template.
func fitsSegment(segment, wanted string) bool {
	if isParameter(wanted) {
		return isPlain(segment)
	}
	return segment == wanted
}

// isParameter reports whether a segment of a template is a placeholder, such as {id}.
func isParameter(segment string) bool {
	return strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")
}

// isPlain reports whether every reader understands a segment in the same way: it consists of
// unreserved characters (RFC 3986, section 2.3), and not of dots alone.
func isPlain(segment string) bool {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~"
	return strings.Trim(segment, unreserved+".") == "" && strings.ContainsAny(segment, unreserved)
}
