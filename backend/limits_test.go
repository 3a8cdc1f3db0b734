package backend_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// served reads a path and says whether there was a token, and else why not.
func (m *mount) served(path string) (bool, string) {
	m.T.Helper()
	resp, err := m.Do(logical.ReadOperation, path, nil)
	switch {
	case err != nil:
		return false, err.Error()
	case resp.IsError():
		return false, resp.Error().Error()
	}
	return true, ""
}

// addRoles makes roles of the mount, numbered behind the prefix.
func (m *mount) addRoles(prefix string, count int) {
	m.T.Helper()
	for i := range count {
		m.Must(logical.UpdateOperation, fmt.Sprintf("roles/%s%d", prefix, i),
			map[string]any{"scopes": "funding:read_profile"})
	}
}

// readAll reads every one of these roles once, and says how many got a token.
func (m *mount) readAll(prefix string, count int) (served int) {
	m.T.Helper()
	for i := range count {
		if ok, _ := m.served(fmt.Sprintf("token/%s%d", prefix, i)); ok {
			served++
		}
	}
	return served
}

// newProcess is what Vault does after a plugin process has crashed: memory is gone, that of the limits
// too. Of the mounts only those given are loaded, in their order.
func newProcess(mounts map[string]*mount, names ...string) {
	shared := limits.New(limits.DefaultBudget)
	first := mounts[names[0]]
	for i, name := range names {
		m := mounts[name]
		m.Limits = shared
		if i == 0 {
			m.Start(name)
		} else {
			m.Factory = first.Factory
			m.Serve(name)
		}
	}
}

// budgetUsed is what status says of the budget.
func (m *mount) budgetUsed() (used int, known bool) {
	m.T.Helper()
	status := m.Must(logical.ReadOperation, "status", nil).Data
	used, err := strconv.Atoi(fmt.Sprint(status["token_budget_used"]))
	if err != nil {
		m.T.Fatal(err)
	}
	return used, status["token_budget_known"].(bool)
}

// TestNoWindowHoldsMoreThanPaxosAllows has two mounts of one process, each with 160 roles that have
// no token, and 110 requests that fail. The process crashes in the middle. Whichever mount is loaded
// first, and whether the other is loaded then or never, Paxos counts at most 300 requests in any 5
// minutes; and nobody is held up for longer than that.
func TestNoWindowHoldsMoreThanPaxosAllows(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{
		"the first mount alone": {"test-mount"}, "the second mount alone": {"other-mount"},
		"both": {"test-mount", "other-mount"}, "both the other way": {"other-mount", "test-mount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newInProcessMount(t)
			m.Configure()
			other := m.neighbor()
			other.Configure()
			mounts := map[string]*mount{"test-mount": m, "other-mount": other}
			for _, one := range mounts {
				one.addRoles("cold", 160)
			}
			m.Clock.Advance(10 * time.Minute) // past what the set-up cost
			for range 110 {
				m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
			}
			m.readAll("cold", 160)
			other.readAll("cold", 160)
			sent := m.Paxos.Calls(paxostest.TokenEndpoint)
			newProcess(mounts, order...)
			for _, one := range order {
				mounts[one].readAll("cold", 160)
			}
			if used, _ := mounts[order[0]].budgetUsed(); used != limits.DefaultBudget {
				t.Errorf("right after the start %d are said to be used", used)
			}
			if calls := m.Paxos.Calls(paxostest.TokenEndpoint) - sent; calls != 0 {
				t.Errorf("%d requests were sent while the budget was spent or unknown", calls)
			}
			for range 10 {
				m.Clock.Advance(time.Minute)
				for _, one := range order {
					mounts[one].Tick()
					mounts[one].readAll("cold", 160)
				}
			}
			if most := m.Paxos.MostTokenRequestsInWindow(); most > limits.DefaultBudget {
				t.Errorf("Paxos counts %d requests in 5 minutes", most)
			}
			if got := mounts[order[0]].readAll("cold", 160); got != 160 {
				t.Errorf("ten minutes later %d of 160 roles have a token", got)
			}
			if _, known := mounts[order[0]].budgetUsed(); !known {
				t.Error("ten minutes later the budget is still unknown")
			}
		})
	}
}

// TestAStartedMountSaysWhatItWaitsFor checks the answer, the status and the metrics while it is not
// known what another mount has sent, that cached tokens are served meanwhile, and that all goes on
// once that mount is loaded.
func TestAStartedMountSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	other := m.neighbor()
	other.Configure()
	other.addRoles("r", 1)
	other.readAll("r", 1)
	cached := m.Must(logical.ReadOperation, "token/mint", nil)
	mounts := map[string]*mount{"test-mount": m, "other-mount": other}
	newProcess(mounts, "test-mount")
	if again := m.Must(logical.ReadOperation, "token/mint",
		nil); backendtest.Token(again) != backendtest.Token(cached) {
		t.Error("the cached token is not served")
	}
	status, text := m.Refused(logical.ReadOperation, "creds/mint", nil)
	if status != 429 || !strings.Contains(text, "The plugin has just started") ||
		!strings.Contains(text, "Retry in 1m6s.") {
		t.Errorf("answered %d %s", status, text)
	}
	if used, known := m.budgetUsed(); used != limits.DefaultBudget || known {
		t.Errorf("status: %d used, known: %v", used, known)
	}
	m.expect(map[string]float64{`paxos_token_budget_used`: 240, `paxos_token_budget_known`: 0})
	other.Limits, other.Factory = m.Limits, m.Factory
	other.Serve("other-mount") // Vault's tick comes to it
	other.Tick()
	m.Must(logical.ReadOperation, "creds/mint", nil)
	if used, known := m.budgetUsed(); used != 5 || !known { // two secrets, two shared tokens, this lease
		t.Errorf("status: %d used, known: %v", used, known)
	}
	m.expect(map[string]float64{`paxos_token_budget_used`: 5, `paxos_token_budget_known`: 1})
}

// TestAMountAloneIsNotHeldUp checks that a new mount, and one that was alone before a restart,
// request tokens at once.
func TestAMountAloneIsNotHeldUp(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "token/mint", nil)
	newProcess(map[string]*mount{"test-mount": m}, "test-mount")
	m.Must(logical.ReadOperation, "creds/mint", nil)
	if used, known := m.budgetUsed(); used != 3 || !known {
		t.Errorf("%d used, known: %v", used, known)
	}
	requests, err := m.Storage.List(context.Background(), "requests/")
	if err != nil || len(requests) != 3 {
		t.Errorf("%d requests on record, %v", len(requests), err)
	}
	m.Clock.Advance(6 * time.Minute)
	m.Tick()
	if requests, err = m.Storage.List(context.Background(), "requests/"); err != nil || len(requests) != 0 {
		t.Errorf("%d requests are left on record after the window, %v", len(requests), err)
	}
}

// TestAMountOfManyRolesStarvesNoOther has 400 roles of one mount get first tokens as fast as they
// may, for half an hour, while a role of another mount comes every 20 s for its first token: each
// gets it at once.
func TestAMountOfManyRolesStarvesNoOther(t *testing.T) {
	t.Parallel()
	m := newInProcessMount(t)
	m.Configure()
	victim := m.neighbor()
	victim.Configure()
	m.addRoles("a", 400)
	next, refused := 0, 0
	for second := range 30 * 60 {
		for range 3 {
			if ok, _ := m.served(fmt.Sprintf("token/a%d", next%400)); ok {
				m.Must(logical.UpdateOperation, fmt.Sprintf("roles/a%d/rotate", next%400), nil)
				next++
			}
		}
		if second > 300 && second%20 == 0 {
			name := fmt.Sprint("v", second)
			victim.Must(logical.UpdateOperation, "roles/"+name, map[string]any{"scopes": "funding:read_profile"})
			if ok, text := victim.served("token/" + name); !ok {
				refused++
				t.Logf("second %d: %s", second, text)
			}
		}
		m.Clock.Advance(time.Second)
	}
	if refused > 0 || next < 1000 {
		t.Errorf("the victims were refused %d times of 74; the other mount got %d tokens, want at least 1000",
			refused, next)
	}
	if most := m.Paxos.MostTokenRequestsInWindow(); most > limits.DefaultBudget {
		t.Errorf("%d requests in 5 minutes", most)
	}
}

// TestWrongSecretsOfClientsLeaveTheRootItsRoom writes 13 wrong secrets to clients/, of which the
// last is refused without a request, and then rotates the root.
func TestWrongSecretsOfClientsLeaveTheRootItsRoom(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for i := range 13 {
		status, text := m.Refused(logical.UpdateOperation, fmt.Sprint("clients/x", i), map[string]any{
			"client_id": fmt.Sprint("nobody",
				i), "client_secret": "wrong", "scopes": "funding:read_profile", "purpose": "mint",
		})
		if want := map[bool]int{true: 400, false: 429}[i < 12]; status != want {
			t.Errorf("secret %d was answered %d %s", i, status, text)
		}
	}
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
	m.Must(logical.ReadOperation, "token/mint", nil)
}

// TestSpellingsOfOneEndpointShare has two mounts name the same Paxos in two ways, and a 429 at one
// of them.
func TestSpellingsOfOneEndpointShare(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	other := m.neighbor()
	respelt := m.Connection()
	for name, address := range respelt {
		respelt[name] = strings.Replace(address.(string), "127.0.0.1", "LOCALHOST", 1)
		if respelt[name] == address {
			t.Fatalf("%s does not name 127.0.0.1", address)
		}
	}
	other.Must(logical.UpdateOperation, "config/connection", respelt)
	other.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret})
	other.addRoles("r", 1)
	for _, one := range []*mount{m, other} {
		if used, _ := one.budgetUsed(); used != 2 {
			t.Errorf("%d token requests are counted, want those of both mounts", used)
		}
	}
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	m.Refused(logical.ReadOperation, "token/mint", nil)
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	status, text := other.Refused(logical.ReadOperation, "token/r0", nil)
	if status != 429 || !strings.Contains(text, "New tokens can be requested again in 5m1s.") ||
		m.Paxos.Calls(paxostest.TokenEndpoint) != calls {
		t.Errorf("the other spelling was answered %d %s, with %d calls", status, text,
			m.Paxos.Calls(paxostest.TokenEndpoint)-calls)
	}
	if strings.Contains(m.Log.String(), "0001-01-01") {
		t.Error("the log tells a time that is not known")
	}
}

// TestADeadSecretIsOneFailedTry ends 300 leases whose client has a new secret in the Dashboard. For
// an hour Paxos sees a failed authentication every few minutes; once the new secret is stored, all
// tokens end with the next tick.
func TestADeadSecretIsOneFailedTry(t *testing.T) {
	t.Parallel()
	m := newInProcessMount(t)
	m.Configure()
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true, "mint_limit": 300})
	var leases []*logical.Response
	for range 300 {
		leases = append(leases, m.Must(logical.ReadOperation, "creds/mint", nil))
		m.Clock.Advance(3 * time.Second)
	}
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	for _, lease := range leases {
		if err := m.Revoke(lease); err != nil {
			t.Fatal(err)
		}
	}
	if calls := m.Paxos.Calls(paxostest.Revoke) - 1; calls != 1 { // the first was of the token that verified the secret
		t.Errorf("%d failed authentications while 300 leases end, want one", calls)
	}
	for range 30 {
		m.Clock.Advance(time.Minute)
		m.Tick()
	}
	if calls := m.Paxos.Calls(paxostest.Revoke) - 1; calls > 7 {
		t.Errorf("%d failed authentications in half an hour, want at most 7", calls)
	}
	if live := len(m.Paxos.LiveTokens()); live != 300 {
		t.Fatalf("%d tokens are alive, want 300", live)
	}
	m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
	m.Tick()
	if live := len(m.Paxos.LiveTokens()); live != 0 {
		t.Errorf("%d tokens are alive after the new secret was stored", live)
	}
}

// TestADamagedRowStandsForItself damages one row of the ledger, as a later version or a bad disk
// would. Reads, ends of leases, status, rotation and lockdown go on; the token is named where it
// could not be ended, and logged once.
func TestADamagedRowStandsForItself(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"of a later schema": `{"schema":99}`, "that is no JSON": `{`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.UpdateOperation, "roles/own",
				map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
			lease := m.Must(logical.ReadOperation, "creds/own", nil)
			damaged := m.Must(logical.ReadOperation, "token/mint", nil).Data["token_id"].(string)
			if err := m.Storage.Put(context.Background(),
				&logical.StorageEntry{Key: "ledger/" + damaged, Value: []byte(value)}); err != nil {
				t.Fatal(err)
			}
			newProcess(map[string]*mount{"test-mount": m}, "test-mount")
			m.Must(logical.ReadOperation, "creds/mint", nil)
			m.Must(logical.ReadOperation, "status", nil)
			if err := m.Revoke(lease); err != nil || m.Paxos.Alive(backendtest.Token(lease)) {
				t.Errorf("the lease ended with %v, its token is alive: %v", err,
					m.Paxos.Alive(backendtest.Token(lease)))
			}
			m.Tick()
			rotated := m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
			if text := fmt.Sprint(rotated.Warnings); !strings.Contains(text, damaged) {
				t.Errorf("the rotation warns of %s", text)
			}
			locked := m.Must(logical.UpdateOperation, "lockdown", nil)
			if text := fmt.Sprint(locked.Data["cannot_end"]); !strings.Contains(text, damaged) {
				t.Errorf("the lockdown says that it cannot end %s", text)
			}
			if lines := strings.Count(m.Log.String(), `"token_id":"`+damaged+`"`); lines < 1 ||
				strings.Count(m.Log.String(), "record cannot be read") != 1 {
				t.Errorf("the log has %d lines of the token:\n%s", lines, m.Log)
			}
			m.Must(logical.DeleteOperation, "revocations/"+damaged, nil)
			if strings.Contains(m.Stored(), damaged) {
				t.Error("an operator cannot delete the damaged row")
			}
		})
	}
}

// TestOddLifetimesAreToldAtConfig checks that a server whose tokens are too short is refused when
// the secret is verified, with the reason, and that one whose tokens live long is served.
func TestOddLifetimesAreToldAtConfig(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[any]int{1: 502, 32: 502, 44: 502, 45: 0, 120: 0, 100_000: 0, 1e18: 0} {
		t.Run(fmt.Sprint(lifetime), func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.Must(logical.UpdateOperation, "config/connection", m.Connection())
			m.Paxos.FailAll(paxostest.TokenEndpoint,
				paxostest.Fault{Rewrite: func(grant map[string]any) { grant["expires_in"] = lifetime }})
			write := map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret}
			if want != 0 {
				if status, text := m.Refused(logical.UpdateOperation, "config", write); status != want ||
					!strings.Contains(text, "too short: it must be at least 45s") {
					t.Errorf("answered %d %s", status, text)
				}
				return
			}
			m.Must(logical.UpdateOperation, "config", write)
			m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
			lease := m.Must(logical.ReadOperation, "creds/mint", nil)
			if lease.Secret.TTL <= 0 || lease.Secret.MaxTTL >= 24*time.Hour ||
				!m.Paxos.Alive(backendtest.Token(lease)) {
				t.Errorf("a lease of %s, at most %s", lease.Secret.TTL, lease.Secret.MaxTTL)
			}
			if warned := strings.Contains(m.Log.String(),
				"with a very long lifetime"); warned != (fmt.Sprint(lifetime) == "100000" ||
				fmt.Sprint(lifetime) == "1e+18") {
				t.Errorf("warned of a long lifetime: %v", warned)
			}
		})
	}
}
