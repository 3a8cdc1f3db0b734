package main

import (
	"context"
	"fmt"
	"io"
)

// developText is what a person reads while everything runs. Its parameters are how to set up a shell, the
// writes that connect the mount, the first number of a step that works too, and the paths of two logs.
const developText = `
Vault runs, and the engine is enabled at paxos/. The mount is not connected yet: it has no
client and no role. In another terminal, set up your shell:

%[1]s
Connect the mount with two writes. client.json has a Client ID and its secret:

    %[2]s
    %[3]s

Then try it:

    vault read paxos/creds/treasury
    vault read paxos/token/treasury
    vault read paxos/status
    vault write -f paxos/roles/treasury/rotate
    vault path-help paxos

The commands that ` + "`make demo`" + ` prints from its step 3 on work here too, in their order.

Vault's log is vault.log in that directory, and the audit log is audit.log.
Press Ctrl-C to stop everything and remove the directory.
`

// develop enables the engine, says how to use it, and keeps everything running until the program is
// interrupted.
func develop(ctx context.Context, s *stage, told *story, out io.Writer) error {
	if err := told.next(ctx); err != nil {
		return err
	}
	exports := ""
	for _, line := range s.exports() {
		exports += commandIndent + line + "\n"
	}
	fmt.Fprintf(out, developText, exports, writeClient, s.roleWrite())
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nStopping.")
		return nil
	case <-s.Ended():
		return fmt.Errorf("vault stopped; the end of its log:\n%s", s.LogText())
	}
}
