package main

import (
	"context"
	"fmt"
)

// keep sets everything up and keeps it running until the program is interrupted.
func (s *story) keep(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.enableAudit, s.register, s.connect, s.configure, s.writeRole,
		s.generateKey, s.writeSigner, s.startProxy} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, `
Vault and the stand-in Paxos run until you press Ctrl-C. In another terminal:

    %[1]s

    vault read paxos/creds/%[2]s
    vault read paxos/token/%[2]s
    vault write paxos/creds/%[2]s scopes=%[3]s ttl=1m
    vault read paxos/status
    vault write -f paxos/roles/%[2]s/rotate
    vault path-help paxos
`, s.prompt, roleName, readScope)
	if s.paxos.sandbox != nil {
		fmt.Fprintf(s.out, "    curl -sS %s/sandbox/tokens\n\n    %s\n    %s\n    vault read paxos/signers/payouts\n",
			s.paxos.sandbox.URL, writeBody, sendIt+toProxy+"@body.json")
	}
	fmt.Fprintf(s.out, "\nVault's log is in %s, the audit log in %s.\n", s.LogPath(), s.AuditPath())
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.out, "\nStopping.")
		return nil
	case <-s.Ended():
		return fmt.Errorf("vault stopped; the end of its log:\n%s", s.LogText())
	}
}
