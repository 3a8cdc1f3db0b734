package clients

import "testing"

// TestVaultAPI reads a token with hashicorp/vault/api.
func TestVaultAPI(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.write("roles/app", map[string]any{"scopes": "funding:read_profile"})
	answer, err := m.root.Logical().ReadWithContext(t.Context(), m.path+"/token/app")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Data["access_token"] == "" {
		t.Error("the answer has no token")
	}
}
