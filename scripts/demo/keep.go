package main

import (
	"context"
	"fmt"
)

// keep sets everything up and keeps it running until the program is interrupted.
func (s *story) keep(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.enableAudit, s.register, s.connect, s.configure, s.writeRole} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, `
All of it runs until you interrupt it. In another terminal:

    export VAULT_ADDR=%s
    export VAULT_TOKEN=%s

    vault read paxos/creds/%[3]s
    vault read paxos/token/%[3]s
    vault write paxos/creds/%[3]s scopes=%[4]s ttl=1m
    vault read paxos/status
    vault write -f paxos/roles/%[3]s/rotate
    vault path-help paxos
`, s.Address, s.RootToken, roleName, readScope)
	if s.paxos.sandbox != nil {
		fmt.Fprintf(s.out, "    curl %s/sandbox/tokens\n", s.paxos.sandbox.URL)
	}
	fmt.Fprintf(s.out, "\nVault's log is %s, the audit log %s.\n", s.LogPath(), s.AuditPath())
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.out, "\nStopping.")
		return nil
	case <-s.Ended():
		return fmt.Errorf("vault ended by itself; the end of its log:\n%s", s.LogText())
	}
}
