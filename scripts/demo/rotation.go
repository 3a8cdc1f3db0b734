package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// rotateRoot replaces the secret of the root client while a reader continues to read.
func (s *story) rotateRoot(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil // at the real Paxos, a person must do this in the Dashboard
	}
	s.title("The root gets a new secret; readers go on")
	before, err := s.read(ctx)
	if err != nil {
		return err
	}
	path := "credentials/" + s.paxos.clientID + "/rotate"
	s.typed("curl -X POST %s/sandbox/%s   # in the Dashboard: Rotate Credentials", s.paxos.sandbox.URL, path)
	var rotated struct {
		Secret string `json:"client_secret"`
	}
	if err := s.paxos.sandbox.Control(ctx, http.MethodPost, path, nil, &rotated); err != nil {
		return err
	}
	if rotated.Secret == "" || rotated.Secret == s.paxos.clientSecret {
		return errors.New("the stand-in made no new secret")
	}
	s.hide(rotated.Secret)
	between, err := s.read(ctx)
	if err != nil {
		return fmt.Errorf("between the click and the write: %w", err)
	}
	if _, err := s.vaultWith(ctx, rotated.Secret, " < new-secret.txt", "write", "paxos/config/rotate-root",
		"client_secret=-"); err != nil {
		return err
	}
	after, err := s.read(ctx)
	if err != nil {
		return err
	}
	if between.text != before.text || after.text != before.text {
		return errors.New("a reader did not get the token it had before")
	}
	if err := s.expectState(ctx, after, true); err != nil {
		return err
	}
	s.proved("The old secret stopped with the click, the new one was proved before it was stored, and no read failed.")
	return nil
}

// lockDown puts the mount into lockdown, and ends the lockdown.
func (s *story) lockDown(ctx context.Context) error {
	s.title("Lockdown: nothing is issued or signed, and every token is revoked")
	token, err := s.read(ctx)
	if err != nil {
		return err
	}
	answer, err := s.vault(ctx, "write", "paxos/lockdown", "reason=a token was found in a log")
	if err != nil {
		return err
	}
	if value(answer, "pending") != "0" {
		return errors.New("tokens are still alive")
	}
	if err := s.expectState(ctx, token, false); err != nil {
		return err
	}
	if s.proxy != nil && !strings.Contains(value(answer, "cannot_end"), "signatures of signer payouts") {
		return errors.New("the signer is not named")
	}
	if err := s.expectNoSignature(ctx); err != nil {
		return err
	}
	refusal, err := s.vault(ctx, "read", "paxos/creds/"+roleName)
	if err == nil || !strings.Contains(refusal, "in lockdown") {
		return errors.New("the mount issues in a lockdown")
	}
	if _, err := s.vault(ctx, "delete", "paxos/lockdown"); err != nil {
		return err
	}
	s.proved("One write stops the whole mount, whatever the policies say. Only a delete lifts it.")
	return nil
}
