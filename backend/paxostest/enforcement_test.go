package paxostest

import (
	"net/http"
	"slices"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// TestEnforcement checks which of three requests are refused unsigned, for every way to demand
// signatures. Each step changes what the step before demanded.
func TestEnforcement(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	strict, lax := newSigner(h), newSigner(h)
	if err := h.EditCredential(strict.clientID, func(c *Credential) { c.EnforceRequestSigning = true }); err != nil {
		t.Fatal(err)
	}
	const neither, one, all = "", "POST", "GET POST"
	for name, step := range map[string]struct {
		demanded    Enforcement
		strict, lax string // the methods that are refused
	}{
		"nothing":              {Enforcement{}, neither, neither},
		"credentials":          {Enforcement{Credentials: true}, all, neither},
		"operation":            {Enforcement{Operations: []string{withdrawalID}}, one, one},
		"two operations":       {Enforcement{Operations: []string{"ListProfiles", withdrawalID}}, all, all},
		"both":                 {Enforcement{Credentials: true, Operations: []string{withdrawalID}}, all, one},
		"with another status":  {Enforcement{Credentials: true, Status: 403}, all, neither},
		"another operation":    {Enforcement{Operations: []string{"CreateInternalTransfer"}}, neither, neither},
		"a status for nothing": {Enforcement{Status: 403}, neither, neither},
	} {
		if err := h.EnforceSignatures(step.demanded); err != nil {
			t.Fatal(err)
		}
		for who, refused := range map[*signer]string{&strict: step.strict, &lax: step.lax} {
			wantStatus := max(step.demanded.Status, http.StatusUnauthorized)
			for method, path := range map[string]string{"GET": "/v2/profiles", "POST": withdrawalPath} {
				body := map[string]string{"POST": `{"ref_id":"` + newUUID() + `"}`}[method]
				a := who.sendSigned(method, path, body)
				if refused == all || refused == one && method == "POST" {
					wantRefused(t, name, a, wantStatus, "no Paxos-Signature header set")
				} else {
					wantAccepted(t, name, a)
				}
				wantAccepted(t, name+", signed", who.callSigned(method, path, map[string]string{
					"POST": `{"ref_id":"` + newUUID() + `"}`}[method]))
			}
		}
	}
}

// TestWrongSignatureThatIsNotDemanded checks that nobody looks at a signature that is not demanded.
func TestWrongSignatureThatIsNotDemanded(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	s := newSigner(h)
	wantAccepted(t, "nonsense", s.sendSigned(http.MethodPost, withdrawalPath, withdrawalBody, "nonsense"))
	if executed := h.Executed(); len(executed) != 1 || executed[0].KeyID != "" {
		t.Errorf("executed %+v", executed)
	}
}

// TestOrderOfRefusals checks that a token that is wrong or lacks the scope is refused before the
// signature is looked at, and a body after.
func TestOrderOfRefusals(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.enforce(withdrawalID)
	s := newSigner(h)
	id, secret := h.newCredential("a:b")
	narrow := h.requestToken(id, secret)
	wantRefused(t, "no token", h.call("", http.MethodPost, withdrawalPath, "{}"), 401, "no authorization header set")
	wantRefused(t, "no scope", h.call(narrow, http.MethodPost, withdrawalPath, "{}"), 403, "insufficient scopes")
	wantRefused(t, "no signature", s.sendSigned(http.MethodPost, withdrawalPath, "{}"), 401,
		"no Paxos-Signature header set")
	wantRefused(t, "no field", s.callSigned(http.MethodPost, withdrawalPath, "{}"), 400, "ref_id is required")
	h.enforce()
	wantRefused(t, "not enforced", s.sendSigned(http.MethodPost, withdrawalPath, "{}"), 400, "ref_id is required")
}

// TestEveryOperationSigned signs each operation of the catalogue for a credential that must sign, and
// sends it without a signature too. Public operations need none.
func TestEveryOperationSigned(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{Signatures: Enforcement{Credentials: true}})
	s := newSigner(h)
	if err := h.EditCredential(s.clientID, func(c *Credential) { c.EnforceRequestSigning = true }); err != nil {
		t.Fatal(err)
	}
	for _, o := range catalog.Operations() {
		path := parameter.ReplaceAllString(o.Path, newUUID())
		if a := s.callSigned(o.Method, path, ""); !a.opened() {
			t.Errorf("%s signed: %d %s", o.ID, a.status, a.body)
		}
		a := s.sendSigned(o.Method, path, "")
		if o.Access == catalog.Public {
			wantAccepted(t, o.ID, a)
		} else {
			wantRefused(t, o.ID, a, 401, "no Paxos-Signature header set")
		}
	}
}

// TestWrongEnforcement checks that a wrong Enforcement is an error and changes nothing.
func TestWrongEnforcement(t *testing.T) {
	t.Parallel()
	public := slices.DeleteFunc(catalog.Operations(), func(o catalog.Operation) bool {
		return o.Access != catalog.Public
	})
	h := newHarness(t, Options{Signatures: Enforcement{Operations: []string{withdrawalID}}})
	for name, bad := range map[string]Enforcement{
		"operation":        {Operations: []string{"CreateEverything"}},
		"public operation": {Operations: []string{public[0].ID}},
		"status":           {Status: 400},
	} {
		if err := h.EnforceSignatures(bad); err == nil {
			t.Errorf("a wrong %s was accepted", name)
		}
		if server, err := Start(Options{Signatures: bad}); err == nil {
			server.Close()
			t.Errorf("a server with a wrong %s was started", name)
		}
	}
	if now := h.Enforcement(); !slices.Equal(now.Operations, []string{withdrawalID}) || now.Status != 401 {
		t.Errorf("changed to %+v", now)
	}
}
