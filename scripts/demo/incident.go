package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// crash kills the plugin between two reads. The second read gets the same token.
func (s *story) crash(ctx context.Context) (err error) {
	s.title("The plugin process is killed; the next read still works")
	if s.last, err = s.read(ctx); err != nil {
		return err
	}
	killed, err := s.KillPlugin()
	if err != nil {
		return err
	}
	if len(killed) == 0 {
		return errors.New("there was no plugin process to kill")
	}
	s.typed("kill -KILL %s", strings.Trim(fmt.Sprint(killed), "[]"))
	again, err := s.read(ctx)
	if err != nil {
		return err
	}
	if again.text != s.last.text || again.text == s.first.text {
		return errors.New("the reader did not get the token from before the crash")
	}
	if err := s.expectRequests(ctx, 2); err != nil {
		return err
	}
	s.proved("Vault restarted the plugin. It found the token in storage and sent no new request to Paxos.")
	return nil
}

// restrict reads with a policy that allows one role, and is denied another one.
func (s *story) restrict(ctx context.Context) error {
	s.title("A Vault policy decides who can read which role")
	if _, err := s.vault(ctx, "write", "paxos/roles/treasury", "scopes="+readScope); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, `echo 'path "paxos/creds/`+roleName+`" { capabilities = ["read"] }' |
        vault policy write app -`, "Success"); err != nil {
		return err
	}
	if _, err := s.shell(ctx, "umask 077; vault token create -policy=app -field=token > app-token"); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(s.Directory, "app-token"))
	if err != nil {
		return err
	}
	s.hide(strings.TrimSpace(string(token)))
	const asApp = "VAULT_TOKEN=$(cat app-token) vault read "
	if _, err := s.shell(ctx, asApp+"-field=token_id paxos/creds/"+roleName); err != nil {
		return err
	}
	refusal, err := s.shell(ctx, asApp+"paxos/creds/treasury")
	if err == nil || !strings.Contains(refusal, "permission denied") {
		return errors.New("the other role was not refused")
	}
	s.proved("The application can read its own role and nothing else on the mount.")
	return nil
}

// rotate revokes all tokens of the role.
func (s *story) rotate(ctx context.Context) error {
	s.title("In an incident, one command revokes every token of a role")
	answer, err := s.vault(ctx, "write", "-f", "paxos/roles/"+roleName+"/rotate")
	if err != nil {
		return err
	}
	if value(answer, "ended") != "1" || value(answer, "pending") != "0" {
		return errors.New("the valid token was not revoked")
	}
	if err := s.expectState(ctx, s.last, false); err != nil {
		return err
	}
	s.proved("The old token no longer works. Applications get a new token with their next read.")
	return nil
}

// readAudit checks that no secret is in the audit log or in Vault's log.
func (s *story) readAudit(ctx context.Context) error {
	s.title("No secret and no token is in Vault's audit log or server log")
	audit, log := s.AuditText(), s.LogText()
	if !strings.Contains(audit, "paxos/creds/"+roleName) || log == "" {
		return errors.New("the logs do not contain the requests")
	}
	s.noted("secrets.txt has the client secrets, the tokens and the signatures of all steps:")
	secrets := filepath.Join(s.Directory, "secrets.txt")
	if err := os.WriteFile(secrets, []byte(strings.Join(s.audit, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	// grep ends with an error if it finds nothing.
	counts, err := s.shell(ctx, "grep -c -F -f secrets.txt "+s.AuditPath()+" "+s.LogPath()+" || true")
	if err != nil {
		return err
	}
	if strings.Count(counts, ":0\n") != 2 {
		return errors.New("a secret is in a log")
	}
	s.proved("The audit log has %d requests and responses. It contains secrets only as HMACs.",
		strings.Count(audit, "\n"))
	return ctx.Err()
}

// disable removes the mount, which revokes everything that it issued.
func (s *story) disable(ctx context.Context) error {
	s.title("Disabling the mount revokes all tokens")
	token, err := s.read(ctx)
	if err != nil {
		return err
	}
	if _, err := s.vault(ctx, "secrets", "disable", "paxos"); err != nil {
		return err
	}
	if err := s.expectState(ctx, token, false); err != nil {
		return err
	}
	s.proved("All tokens were revoked when the mount was disabled.")
	return nil
}
