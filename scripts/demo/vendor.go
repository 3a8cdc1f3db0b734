package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// credential is what the stand-in answers when a client is created.
type credential struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

// leaseClient stores a client and leases it to a vendor's software that must have a client itself.
func (s *story) leaseClient(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil // at the real Paxos, a person must create the client in the Dashboard
	}
	s.title("A vendor's software needs its own Client ID and Secret: it leases a client")
	s.typed("curl -X POST -d '{\"nickname\":\"vault-vendor-1\",\"scopes\":[\"%s\"]}' %s/sandbox/credentials   "+
		"# in the Dashboard: Create", readScope, s.paxos.sandbox.URL)
	var made credential
	form := map[string]any{"nickname": "vault-vendor-1", "scopes": []string{readScope}}
	if err := s.paxos.sandbox.Control(ctx, http.MethodPost, "credentials", form, &made); err != nil {
		return err
	}
	s.hide(made.Secret)
	if _, err := s.vaultWith(ctx, made.Secret, " < vendor-secret.txt", "write", "paxos/clients/vendor-1",
		"client_id="+made.ID, "client_secret=-", "scopes="+
			readScope, "purpose=lease", "allowed_roles=vendor"); err != nil {
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
	if value(answer, "client_id") != made.ID || value(answer, "client_secret") != made.Secret {
		return errors.New("the lease is not of the stored client")
	}
	if err := s.requestTokenAs(ctx, made); err != nil {
		return err
	}
	if refusal, err := s.vault(ctx, "read", "paxos/creds/vendor"); err == nil || !strings.Contains(refusal, "already") {
		return errors.New("one caller got two leases")
	}
	if err := s.expectClient(ctx, "leased"); err != nil {
		return err
	}
	s.proved("Only one caller has this client. Vault knows who has it and until when.")
	return s.takeBack(ctx, made, value(answer, "lease_id"))
}

// takeBack ends the lease of a client. The client is in quarantine until it gets a new secret,
// which the last holder does not know.
func (s *story) takeBack(ctx context.Context, made credential, lease string) error {
	s.title("The lease ends; the client gets a new secret before the next caller leases it")
	if _, err := s.vault(ctx, "lease", "revoke", "-sync", lease); err != nil {
		return err
	}
	if err := s.expectClient(ctx, "quarantined"); err != nil {
		return err
	}
	s.typed("curl -X POST %s/sandbox/credentials/%s/rotate   # in the Dashboard: Rotate Credentials",
		s.paxos.sandbox.URL, made.ID)
	var rotated credential
	if err := s.paxos.sandbox.Control(ctx, http.MethodPost, "credentials/"+made.ID+"/rotate", nil,
		&rotated); err != nil {
		return err
	}
	s.hide(rotated.Secret)
	if _, err := s.vaultWith(ctx, rotated.Secret, " < vendor-secret.txt", "write", "paxos/clients/vendor-1/rotate",
		"client_secret=-"); err != nil {
		return err
	}
	if err := s.requestTokenAs(ctx, made); err == nil {
		return errors.New("the last holder's secret works")
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

// requestTokenAs requests a token with the leased client, as the vendor's software does.
func (s *story) requestTokenAs(ctx context.Context, client credential) error {
	s.typed("curl -d grant_type=client_credentials -d client_id=%s -d client_secret=@vendor-secret.txt -d "+
		"scope=%s %s", client.ID, readScope, s.paxos.sandbox.TokenURL)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client.ID},
		"client_secret": {client.Secret}, "scope": {readScope}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.paxos.sandbox.TokenURL,
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := paxosAPI.Do(request)
	if err != nil {
		return fmt.Errorf("calling Paxos: %w", err)
	}
	defer response.Body.Close()
	s.shown("HTTP " + response.Status)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the client got no token: %s", response.Status)
	}
	return nil
}
