package backend_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// leasedScope is what the clients of the pools hold.
const leasedScope = "transfer:read_transfer"

// newPool returns a mount whose root may list and delete credentials, with so many
// stocked clients c0, c1 … and a role called vendor that leases them.
func newPool(t *testing.T, size int, role map[string]any) *mount {
	t.Helper()
	m := newMount(t)
	m.fillPool(size, role)
	return m
}

// fillPool makes a new mount what newPool returns.
func (m *mount) fillPool(size int, role map[string]any) {
	m.T.Helper()
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, backendtest.CredentialScopes...)
	})
	m.Configure()
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "240h"})
	var names []string
	for i := range size {
		name := fmt.Sprint("c", i)
		names = append(names, name)
		m.stock(name, "vault-"+name, nil)
	}
	data := map[string]any{"credential_type": "client_credentials", "clients": names, "ttl": "1h", "max_ttl": "4h"}
	for name, value := range role {
		data[name] = value
	}
	m.Must(logical.UpdateOperation, "roles/vendor", data)
	m.Clock.Advance(10 * time.Minute) // the process knows all its mounts, the window of proofs is over
	m.Tick()
}

// stock makes a client in the Dashboard and puts it under clients/.
func (m *mount) stock(name, label string, further map[string]any) (clientID string) {
	m.T.Helper()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: label, Scopes: []string{leasedScope}})
	if err != nil {
		m.T.Fatal(err)
	}
	data := map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": leasedScope,
		"allowed_roles": "vendor", "purpose": "lease"}
	for name, value := range further {
		data[name] = value
	}
	m.Must(logical.UpdateOperation, "clients/"+name, data)
	return made.ClientID
}

// lease reads the role as an entity, in a request of that ID.
func (m *mount) lease(entity, request string) (*logical.Response, error) {
	m.T.Helper()
	resp, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.ReadOperation, Path: "creds/vendor", Storage: m.Storage, ID: request, EntityID: entity,
		DisplayName: "app-" + entity,
	})
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	return resp, err
}

// leased is lease for what has to succeed.
func (m *mount) leased(entity string) *logical.Response {
	m.T.Helper()
	resp, err := m.lease(entity, entity)
	if err != nil {
		m.T.Fatal(err)
	}
	return resp
}

// end ends a lease.
func (m *mount) end(resp *logical.Response) {
	m.T.Helper()
	_, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.RevokeOperation, Path: "creds/vendor", Storage: m.Storage, Secret: resp.Secret,
	})
	if err != nil {
		m.T.Errorf("ending a lease: %v", err)
	}
}

// renew renews a lease by so much.
func (m *mount) renew(resp *logical.Response, increment time.Duration) (*logical.Response, error) {
	m.T.Helper()
	secret := *resp.Secret
	secret.Increment = increment
	renewed, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.RenewOperation, Path: "creds/vendor", Storage: m.Storage, Secret: &secret,
	})
	if err == nil && renewed.IsError() {
		err = renewed.Error()
	}
	return renewed, err
}

// state is that of a stocked client, gone if it is not stocked.
func (m *mount) state(name string) string {
	m.T.Helper()
	read := m.Must(logical.ReadOperation, "clients/"+name, nil)
	if read == nil {
		return "gone"
	}
	return read.Data["state"].(string)
}

// atPaxos is the status of a client there.
func (m *mount) atPaxos(clientID string) string {
	for _, c := range m.Paxos.Credentials() {
		if c.ClientID == clientID {
			return c.Status
		}
	}
	return "gone"
}

func TestALeasedClientWorksAndIsQuarantined(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	lease := m.leased("e1")
	if lease.Secret.TTL != time.Hour || !lease.Secret.Renewable || lease.Data["api_url"] != m.Paxos.APIURL() ||
		lease.Data["token_url"] != m.Paxos.TokenURL() {
		t.Errorf("the lease is %+v with %v", lease.Secret, lease.Data["api_url"])
	}
	read := m.Must(logical.ReadOperation, "clients/c0", nil)
	if read.Data["state"] != "leased" || read.Data["held_by_entity_id"] != "e1" ||
		read.Data["held_by"] != "app-e1" || read.Data["held_by_role"] != "vendor" {
		t.Errorf("a read of the client says %v", read.Data)
	}
	if strings.Contains(fmt.Sprint(read.Data), fmt.Sprint(lease.Data["client_secret"])) {
		t.Error("a read shows the secret")
	}
	if status, text := m.Refused(logical.DeleteOperation, "clients/c0", nil); status != 400 ||
		!strings.Contains(text, "app-e1") {
		t.Errorf("deleting a leased client: %d %s", status, text)
	}
	if status, text := m.Refused(logical.DeleteOperation, "config", nil); status != 400 ||
		!strings.Contains(text, "c0") {
		t.Errorf("deleting config while a client is leased: %d %s", status, text)
	}
	m.Restart()
	m.end(lease)
	m.end(lease)
	if got := m.state("c0"); got != "quarantined" {
		t.Errorf("after its lease the client is %s", got)
	}
	if _, err := m.lease("e2", "r2"); err == nil || !strings.Contains(err.Error(), "c0 is waiting for a new secret") {
		t.Errorf("a quarantined client was leased: %v", err)
	}
	m.rotateStocked("c0", lease.Data["client_id"].(string))
	again := m.leased("e2")
	if again.Data["client_secret"] == lease.Data["client_secret"] {
		t.Error("the next holder got the secret that the last one knows")
	}
	m.end(lease) // stale: it was another's lease
	if got := m.state("c0"); got != "leased" {
		t.Errorf("a stale lease checked in the next holder's client: %s", got)
	}
}

// rotateStocked gives a stocked client its new secret.
func (m *mount) rotateStocked(name, clientID string) *logical.Response {
	m.T.Helper()
	secret, err := m.Paxos.RotateCredential(clientID)
	if err != nil {
		m.T.Fatal(err)
	}
	return m.Must(logical.UpdateOperation, "clients/"+name+"/rotate", map[string]any{"client_secret": secret})
}

func TestARequestSentAgainGetsTheSameClient(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, nil)
	first, err := m.lease("e1", "request-1")
	if err != nil {
		t.Fatal(err)
	}
	m.Restart()
	second, err := m.lease("e1", "request-1")
	if err != nil || second.Data["client_id"] != first.Data["client_id"] {
		t.Errorf("sent again, the request got another client: %v", err)
	}
	if _, err := m.lease("e1", "request-2"); err == nil || !strings.Contains(err.Error(), "max_leases_per_entity") {
		t.Errorf("an entity got more than it may: %v", err)
	}
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"max_leases_per_entity": 2})
	third, err := m.lease("e1", "request-2")
	if err != nil || third.Data["client_id"] == first.Data["client_id"] {
		t.Errorf("a second lease got the same client: %v", err)
	}
}

// TestEveryClientIsLeasedOnce has four times as many entities come at once as there
// are clients.
func TestEveryClientIsLeasedOnce(t *testing.T) {
	t.Parallel()
	const clients, entities = 50, 200
	m := newPool(t, 0, map[string]any{"clients": "c0"})
	var names []string
	for i := range clients {
		names = append(names, fmt.Sprint("c", i))
		m.stock(names[i], "vault-"+names[i], map[string]any{"verify_connection": false})
	}
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"clients": names})
	var mu sync.Mutex
	var wait sync.WaitGroup
	var leases []*logical.Response
	held, refusals := map[any]int{}, 0
	for i := range entities {
		wait.Go(func() {
			resp, err := m.lease(fmt.Sprint("e", i), fmt.Sprint("r", i))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				held[resp.Data["client_id"]]++
				leases = append(leases, resp)
			case strings.Contains(err.Error(), "No client is available for role"):
				refusals++
			default:
				t.Errorf("an unclear refusal: %v", err)
			}
		})
	}
	wait.Wait()
	if len(held) != clients || len(leases) != clients || refusals != entities-clients {
		t.Errorf("%d leases of %d clients and %d refusals", len(leases), len(held), refusals)
	}
	for _, lease := range leases {
		wait.Go(func() { m.end(lease) })
	}
	wait.Wait()
	for _, name := range names {
		if got := m.state(name); got != "quarantined" {
			t.Errorf("%s is %s", name, got)
		}
	}
	if m.Paxos.Calls(paxostest.DeleteCredentials) != 0 {
		t.Error("a client was deleted")
	}
}

// TestQuarantineEndsWithAVerifiedSecretOnly writes a secret that nobody verified, to a client in
// quarantine and to one that is out on lease: neither becomes available with it.
func TestQuarantineEndsWithAVerifiedSecretOnly(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, map[string]any{"max_leases_per_entity": 2})
	first, second := m.leased("e1"), m.leased("e2")
	m.end(first)
	unverified := map[string]any{"client_secret": "not-the-secret", "verify_connection": false}
	if status, text := m.Refused(logical.UpdateOperation, "clients/c0/rotate", unverified); status != 400 ||
		!strings.Contains(text, "new secret that is verified") {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "clients/c1/rotate", unverified)
	m.end(second)
	if got := m.state("c0") + " " + m.state("c1"); got != "quarantined quarantined" {
		t.Errorf("the clients are %s", got)
	}
	m.rotateStocked("c0", first.Data["client_id"].(string))
	m.rotateStocked("c1", second.Data["client_id"].(string))
	if got := m.state("c0") + " " + m.state("c1"); got != "available available" {
		t.Errorf("with new secrets the clients are %s", got)
	}
}
