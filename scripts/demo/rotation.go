package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rotateRoot replaces the secret of the root client while a reader continues to read.
func (s *story) rotateRoot(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil // at the real Paxos, a person must do this in the Dashboard
	}
	s.title("The root client gets a new secret; reads continue")
	before, err := s.read(ctx)
	if err != nil {
		return err
	}
	secret, err := s.rotateAtPaxos(ctx, s.paxos.clientID, "new-secret.txt")
	if err != nil {
		return err
	}
	if secret == s.paxos.clientSecret {
		return errors.New("the stand-in made no new secret")
	}
	between, err := s.read(ctx)
	if err != nil {
		return fmt.Errorf("between the rotation and the write: %w", err)
	}
	if _, err := s.shell(ctx, "vault write paxos/config/rotate-root client_secret=- < new-secret.txt"); err != nil {
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
	s.proved("The old secret stopped working at once. The new one was verified before it was stored. No read failed.")
	return nil
}

// rotateAtPaxos gives a client a new secret at the stand-in, as a person does in the Dashboard, puts it into
// a file and returns it.
func (s *story) rotateAtPaxos(ctx context.Context, clientID, file string) (secret string, err error) {
	s.noted("In the Dashboard: Rotate Credentials. The new secret is put into a file:")
	if _, err := s.shell(ctx, "umask 077; curl -sS -X POST "+s.paxos.sandbox.URL+"/sandbox/credentials/"+clientID+
		"/rotate |\n        "+onlySecret+" > "+file); err != nil {
		return "", err
	}
	return s.hideSecret(file)
}

// onlySecret is a command that reads an answer of the stand-in and writes the client_secret of it.
const onlySecret = `sed 's/.*"client_secret":"\([^"]*\)".*/\1/' | tr -d '\n'`

// hideSecret hides the secret in a file, and returns it.
func (s *story) hideSecret(file string) (secret string, err error) {
	text, err := os.ReadFile(filepath.Join(s.Directory, file))
	if err != nil {
		return "", err
	}
	if len(text) == 0 {
		return "", fmt.Errorf("%s has no secret", file)
	}
	s.hide(string(text))
	return string(text), nil
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
		return errors.New("tokens are still valid")
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
	s.proved("One write stops the whole mount, whatever policies allow. Only deleting the lockdown ends it.")
	return nil
}
