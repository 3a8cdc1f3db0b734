package catalog

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestMatchEveryOperation builds a request from the template of each operation and checks that it
// matches that operation, and that the same path with another method does not.
func TestMatchEveryOperation(t *testing.T) {
	t.Parallel()
	for _, o := range Operations() {
		path := filled(o, "0f1e2d3c-4b5a")
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", strings.ToLower(o.Method)} {
			found, ok := Match(method, path)
			if (method == o.Method) != (ok && found.ID == o.ID) {
				t.Errorf("%s %s matches %q, made for %s %s", method, path, found.ID, o.Method, o.ID)
			}
		}
	}
}

// filled returns the path of an operation with the value in place of every parameter.
func filled(o Operation, value string) string {
	segments := strings.Split(o.Path, "/")
	for i, segment := range segments {
		if isParameter(segment) {
			segments[i] = value
		}
	}
	return strings.Join(segments, "/")
}

// TestTemplatesAreDisjoint checks that no request fits two operations: Match takes the first that
// fits.
func TestTemplatesAreDisjoint(t *testing.T) {
	t.Parallel()
	all := Operations()
	for i, one := range all {
		for _, other := range all[i+1:] {
			if one.Method == other.Method && overlap(one.Path, other.Path) {
				t.Errorf("%s %s: a request may fit %s and %s", one.Method, one.Path, one.ID, other.ID)
			}
		}
	}
}

// overlap reports whether a path can have both forms.
func overlap(one, other string) bool {
	a, b := strings.Split(one, "/"), strings.Split(other, "/")
	return slices.EqualFunc(a, b, func(x, y string) bool { return x == y || isParameter(x) || isParameter(y) })
}

// TestMatchRefuses checks that paths which Paxos might read in another way match no operation.
func TestMatchRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", "/", "/v2", "/v2/", "/profiles", "v2/profiles", "//v2/profiles", "/v2//profiles", "/v2/profiles/",
		"/V2/profiles",
		"/v2/Profiles", "/v2/profiles?limit=1", "/v2/profiles#x", "/v2/profiles/a?b", "/v2/profiles/.",
		"/v2/profiles/..",
		"/v2/profiles/...", "/v2/profiles/a%2fb", "/v2/profiles/a%", "/v2/profiles/a;b", `/v2/profiles/a\b`,
		"/v2/profiles/a b",
		"/v2/profiles/{profile_id}", "/v2/profiles/\u00e9", "/v2/profiles/a\x00", "/v2/./profiles", "/v2/x/../profiles",
		"/v2/profiles/a/balances/b/c", "https://api.paxos.com/v2/profiles",
	} {
		if o, ok := Match("GET", path); ok {
			t.Errorf("%q matches %s", path, o.ID)
		}
	}
	if o, ok := Match("GET", "/v2/profiles/a.b-c_d~1"); !ok || o.ID != "GetProfile" {
		t.Errorf("found %q", o.ID)
	}
}

// FuzzMatch compares Match with the router of net/http: what Match finds, the router must route to the
// same operation, and of plain paths Match must find all that the router finds.
func FuzzMatch(f *testing.F) {
	router := http.NewServeMux()
	for _, o := range Operations() {
		router.Handle(o.Method+" "+o.Path, http.NotFoundHandler())
		f.Add(o.Method, filled(o, "0f1e2d3c"))
	}
	f.Add("GET", "/v2/profiles/..")
	f.Add("GET", "/v2/profiles/%2e%2e/x")
	f.Fuzz(func(t *testing.T, method, path string) {
		found, ok := Match(method, path)
		if method == http.MethodHead || method == http.MethodConnect || !strings.HasPrefix(path, "/") {
			if ok {
				t.Errorf("%q %q matches %s", method, path, found.ID)
			}
			return
		}
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Method, request.URL.Path = method, path
		_, pattern := router.Handler(request)
		if ok && pattern != found.Method+" "+found.Path {
			t.Errorf("%q %q matches %s, the router says %q", method, path, found.ID, pattern)
		}
		plain := !slices.ContainsFunc(strings.Split(path[1:], "/"), func(segment string) bool {
			return !isPlain(segment)
		})
		if !ok && plain && pattern != "" {
			t.Errorf("%q %q matches nothing, the router says %q", method, path, pattern)
		}
	})
}
