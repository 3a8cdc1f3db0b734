package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// leaseClient stores a client and leases it to a vendor's software that must have a client itself.
func (s *story) leaseClient(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil // at the real Paxos, a person must create the client in the Dashboard
	}
	s.title("A vendor's software needs its own Client ID and Secret: it leases a client")
	id, secret, err := s.createAtPaxos(ctx)
	if err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, "vault write paxos/clients/vendor-1 client_id="+id+` \
        scopes=`+readScope+" purpose=lease allowed_roles=vendor client_secret=- < "+vendorSecret,
		"Success"); err != nil {
		return err
	}
	if _, err := s.vault(ctx, "write", "paxos/roles/vendor", "credential_type=client_credentials",
		"clients=vendor-1", "ttl=8h", "max_ttl=24h"); err != nil {
		return err
	}
	answer, err := s.vault(ctx, "read", "paxos/creds/vendor")
	if err != nil {
		return err
	}
	if value(answer, "client_id") != id || value(answer, "client_secret") != secret {
		return errors.New("the lease is not of the stored client")
	}
	if err := s.expectAnswer(ctx, s.tokenRequest(id, vendorSecret), "HTTP 200"); err != nil {
		return err
	}
	if refusal, err := s.vault(ctx, "read", "paxos/creds/vendor"); err == nil || !strings.Contains(refusal, "already") {
		return errors.New("one caller got two leases")
	}
	if err := s.expectClient(ctx, "leased"); err != nil {
		return err
	}
	s.proved("Only one caller has this client. Vault knows who has it and until when.")
	return s.takeBack(ctx, id, value(answer, "lease_id"))
}

// takeBack ends the lease of a client. The client is in quarantine until it gets a new secret,
// which the last holder does not know.
func (s *story) takeBack(ctx context.Context, id, lease string) error {
	s.title("The lease ends; the client gets a new secret before the next caller leases it")
	if _, err := s.vault(ctx, "lease", "revoke", "-sync", lease); err != nil {
		return err
	}
	if err := s.expectClient(ctx, "quarantined"); err != nil {
		return err
	}
	if _, err := s.rotateAtPaxos(ctx, id, "rotated-secret.txt"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, "vault write paxos/clients/vendor-1/rotate client_secret=- < rotated-secret.txt",
		"available"); err != nil {
		return err
	}
	s.noted("The last holder tries the old secret:")
	if err := s.expectAnswer(ctx, s.tokenRequest(id, vendorSecret), "HTTP 401"); err != nil {
		return err
	}
	if err := s.expectClient(ctx, "available"); err != nil {
		return err
	}
	s.proved("With on_revoke=delete, the plugin deletes the client at Paxos instead, if its Label and the other " +
		"rules allow it.")
	return nil
}

// expectClient returns an error unless the vendor's client is in this state.
func (s *story) expectClient(ctx context.Context, state string) error {
	answer, err := s.vault(ctx, "read", "-field=state", "paxos/clients/vendor-1")
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) != state {
		return fmt.Errorf("the client is not %s", state)
	}
	return nil
}

// vendorSecret is the file with the secret of the vendor's client before the lease.
const vendorSecret = "vendor-secret.txt"

// createAtPaxos makes a client at the stand-in, as a person does in the Dashboard, and puts its secret into a
// file.
func (s *story) createAtPaxos(ctx context.Context) (id, secret string, err error) {
	s.noted("In the Dashboard: Create. The secret is put into a file:")
	if _, err := s.shell(ctx, `umask 077; curl -sS `+s.paxos.sandbox.URL+`/sandbox/credentials \
        -d '{"nickname":"vault-vendor-1","scopes":["`+readScope+`"]}' > vendor.json
      cat vendor.json | `+onlySecret+" > "+vendorSecret); err != nil {
		return "", "", err
	}
	if secret, err = s.hideSecret(vendorSecret); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(filepath.Join(s.Directory, "vendor.json"))
	var made struct {
		ID string `json:"client_id"`
	}
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	return made.ID, secret, err
}

// tokenRequest is a command that requests a token with a client, as the vendor's software does.
func (s *story) tokenRequest(id, secretFile string) string {
	return `curl -sS -o /dev/null -w 'HTTP %{http_code}\n' -d grant_type=client_credentials \
        -d client_id=` + id + " --data-urlencode client_secret@" + secretFile + " -d scope=" + readScope + " " +
		s.paxos.sandbox.TokenURL
}
