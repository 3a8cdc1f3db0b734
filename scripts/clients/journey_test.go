package clients

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// policy is what an application may do in these tests: read and narrow every role, use one signer, and
// revoke its leases, which Vault's default policy does not allow. Role "other" is not for it.
const policy = `
path "MOUNT/token/*"     { capabilities = ["read", "update"] }
path "MOUNT/creds/*"     { capabilities = ["read", "update"] }
path "MOUNT/token/other" { capabilities = ["deny"] }
path "MOUNT/sign/*"      { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
`

// A journey is what an application does with one library, on a mount of its own.
type journey struct {
	*mount
	client
}

// use tests a library: it opens a client, and does with it what applications do.
func use(t *testing.T, name, version string, open func(*mount) client) {
	j := &journey{mount: newMount(t)}
	j.client = open(j.mount)
	j.prepareRoles()
	j.preparePayments()
	j.login()
	j.readsAToken()
	j.reportsARejectedToken()
	j.narrows()
	j.renews()
	j.isRefused()
	j.pays()
	j.logsOut()
	if !t.Failed() {
		t.Logf("passed with: %s %s", name, version)
	}
}

// prepareRoles makes the roles: "app" shares a token, "own" has one for each lease, "vendor" leases a client.
func (j *journey) prepareRoles() {
	j.write("roles/app", map[string]any{"scopes": []string{profiles, transfers, withdrawals}})
	j.write("roles/own", map[string]any{"scopes": []string{profiles, transfers}, "unique_tokens": true})
	j.write("roles/disabled", map[string]any{"scopes": profiles, "disabled": true})
	j.write("roles/down", map[string]any{"scopes": profiles})
	j.write("roles/other", map[string]any{"scopes": profiles})
	id, secret := j.credential(profiles)
	j.write("clients/vendor-1", map[string]any{"client_id": id, "client_secret": secret, "scopes": profiles,
		"allowed_roles": "vendor", "purpose": "lease"})
	j.write("roles/vendor", map[string]any{"credential_type": "client_credentials", "clients": "vendor-1", "ttl": "1m",
		"max_ttl": "1h"})
}

// login logs in, first with a wrong secret.
func (j *journey) login() {
	roleID, secretID := j.appRole("app", policy)
	wantText(j, j.Login(j.Context(), roleID, "wrong"), "invalid role or secret ID")
	j.must(j.Login(j.Context(), roleID, secretID))
}

// readsAToken reads the shared token of a role, twice.
func (j *journey) readsAToken() {
	first := j.read("token/app")
	j.expectAlive(first.text("token_id"), profiles, transfers, withdrawals)
	if first.text("scope") != strings.Join([]string{profiles, transfers, withdrawals}, " ") ||
		first.text("api_url") != j.paxos.APIURL || first.LeaseID != "" {
		j.Errorf("the answer has scope %q, api_url %q and lease %q", first.text("scope"), first.text("api_url"),
			first.LeaseID)
	}
	if again := j.read("token/app"); again.text("token_id") != first.text("token_id") {
		j.Error("the second read returned another token")
	}
}

// reportsARejectedToken revokes a token at Paxos. The application reports it, and gets a new one. When it
// reports that one too, it gets a warning.
func (j *journey) reportsARejectedToken() {
	old := j.read("token/app")
	j.revokeAtPaxos(old.text("access_token"), old.text("token_id"))
	fresh := j.writes("token/app", map[string]any{"rejected_token_id": old.text("token_id")})
	j.expectAlive(fresh.text("token_id"), profiles, transfers, withdrawals)
	same := j.writes("token/app", map[string]any{"rejected_token_id": fresh.text("token_id")})
	warned := slices.ContainsFunc(same.Warnings, func(text string) bool {
		return strings.HasPrefix(text, "Paxos accepted the token with token_id "+fresh.text("token_id"))
	})
	if !warned || same.text("token_id") != fresh.text("token_id") {
		j.Errorf("after a wrong report the warnings are %q", same.Warnings)
	}
}

// narrows gets a token with fewer scopes on a short lease, and revokes the lease.
func (j *journey) narrows() {
	narrow := j.writes("creds/own", map[string]any{"scopes": []string{transfers}, "ttl": "5m"})
	j.expectAlive(narrow.text("token_id"), transfers)
	if narrow.LeaseDuration < 290 || narrow.LeaseDuration > 300 || narrow.Renewable {
		j.Errorf("the lease lasts %d s, want 5 minutes; renewable: %t", narrow.LeaseDuration, narrow.Renewable)
	}
	_, err := j.Renew(j.Context(), narrow.LeaseID, time.Minute)
	wantText(j, err, "lease is not renewable")
	kept := j.read("creds/own")
	j.must(j.Revoke(j.Context(), narrow.LeaseID))
	j.awaitEnd(narrow.text("token_id"))
	j.expectAlive(kept.text("token_id"), profiles, transfers)
}

// renews leases a client, renews the lease up to the maximum, and revokes it.
func (j *journey) renews() {
	leased, err := j.Read(j.Context(), j.path+"/creds/vendor")
	j.must(err)
	j.guard(leased.text("client_secret"))
	if !leased.Renewable || leased.LeaseDuration < 55 || leased.LeaseDuration > 60 {
		j.Errorf("the lease lasts %d s, want a minute; renewable: %t", leased.LeaseDuration, leased.Renewable)
	}
	for _, renewal := range []struct{ asked, want time.Duration }{
		{10 * time.Minute, 10 * time.Minute}, {2 * time.Hour, time.Hour},
	} {
		got, err := j.Renew(j.Context(), leased.LeaseID, renewal.asked)
		j.must(err)
		if got > renewal.want || got < renewal.want-20*time.Second {
			j.Errorf("renewed by %s, the lease lasts %s, want %s", renewal.asked, got, renewal.want)
		}
	}
	j.must(j.Revoke(j.Context(), leased.LeaseID))
	await(j.T, func() error {
		stored, err := j.root.Logical().ReadWithContext(j.Context(), j.path+"/clients/vendor-1")
		if err == nil && stored.Data["state"] != "quarantined" {
			err = errors.New("the client is not in quarantine")
		}
		return err
	})
}

// isRefused makes requests that Vault, the engine or Paxos refuses. The library must give the sentence to
// the application.
func (j *journey) isRefused() {
	j.must(j.paxos.Fail(j.Context(), map[string]any{"endpoint": "token", "status": http.StatusServiceUnavailable}))
	for path, want := range map[string]string{
		"token/missing":  `Role "missing" does not exist. List roles with ` + "`vault list " + j.path + "/roles`.",
		"creds/disabled": `Role "disabled" is disabled. Contact your Vault operators.`,
		"creds/vendor":   `No client is available for role "vendor" (vendor-1 is waiting for a new secret).`,
		"token/other":    "permission denied",
		"token/down":     "answered HTTP 503. Retry later.",
	} {
		_, err := j.Read(j.Context(), j.path+"/"+path)
		wantText(j, err, want)
	}
	j.must(j.paxos.Heal(j.Context()))
	_, err := j.Write(j.Context(), j.path+"/token/app", map[string]any{"scopes": []string{"funding:write_profile"}})
	wantText(j, err, "funding:write_profile")
}

// logsOut ends the login, and with it its leases.
func (j *journey) logsOut() {
	leased := j.read("creds/own")
	j.expectAlive(leased.text("token_id"), profiles, transfers)
	j.must(j.Logout(j.Context()))
	j.awaitEnd(leased.text("token_id"))
	_, err := j.Read(j.Context(), j.path+"/token/app")
	wantText(j, err, "permission denied")
}

// read reads a token from a path of the mount.
func (j *journey) read(path string) answer {
	j.Helper()
	said, err := j.Read(j.Context(), j.path+"/"+path)
	j.must(err)
	j.guard(said.text("access_token"))
	return said
}

// writes gets a token by a write to a path of the mount.
func (j *journey) writes(path string, data map[string]any) answer {
	j.Helper()
	said, err := j.Write(j.Context(), j.path+"/"+path, data)
	j.must(err)
	j.guard(said.text("access_token"))
	return said
}

// must fails the test at once if there is an error.
func (j *journey) must(err error) {
	j.Helper()
	if err != nil {
		j.Fatal(err)
	}
}

// wantText checks that the error of a library has the text.
func wantText(j *journey, err error, want string) {
	j.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		j.Errorf("got the error %v, want one with %q", err, want)
	}
}

// Context returns the context of the test.
func (j *journey) Context() context.Context { return j.T.Context() }
