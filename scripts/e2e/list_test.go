package e2e

import (
	"fmt"
	"net/url"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestRolesAreListedInPages lists roles with LIST and, in pages, with a read.
func TestRolesAreListedInPages(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	for _, name := range []string{"c", "a", "B", "b"} {
		m.role(name, nil, profiles)
	}
	listed, err := m.client.Logical().ListWithContext(t.Context(), m.path+"/roles")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(listed.Data["keys"]); got != "[B a b c]" {
		t.Errorf("LIST gives %s", got)
	}
	for _, page := range []struct{ after, limit, want string }{
		{"", "2", "[B a]"},
		{"a", "2", "[b c]"},
		{"a", "", "[b c]"},
		{"aa", "1", "[b]"},
	} {
		query := url.Values{"list": {"true"}}
		if page.after != "" {
			query.Set("after", page.after)
		}
		if page.limit != "" {
			query.Set("limit", page.limit)
		}
		listed, err := m.client.Logical().ReadWithDataWithContext(t.Context(), m.path+"/roles", query)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(listed.Data["keys"]); got != page.want {
			t.Errorf("after %q, limit %q: %s, want %s", page.after, page.limit, got, page.want)
		}
	}
}
