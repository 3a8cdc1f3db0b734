package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// The payments of the story go from this profile to this address.
const (
	treasury = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	supplier = "0x00000000000000000000000000000000000000aa"
)

// generateKey makes a signing key, and has Paxos enforce its signatures.
func (s *story) generateKey(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil // at the real Paxos, a person must register the key in the Dashboard
	}
	s.title("A signing key is generated in Vault; Paxos gets the public key")
	if err := s.expectAnswer(ctx, "vault write -f paxos/keys/payments", "Success"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, "vault read -field=public_key paxos/keys/payments", "PUBLIC KEY"); err != nil {
		return err
	}
	control := s.paxos.sandbox.URL + "/sandbox"
	s.noted("In the Dashboard, the public key is registered. It shows a Key ID:")
	answer, err := s.shell(ctx, "curl -sS "+control+"/credentials/"+s.paxos.clientID+`/keys \
        -d '{"nickname":"vault","public_key":'"$(vault read -format=json -field=public_key paxos/keys/payments)}"`)
	if err != nil {
		return err
	}
	var registered struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(answer), &registered); err != nil || registered.ID == "" {
		return fmt.Errorf("the public key was not registered: %w", err)
	}
	if err := s.expectAnswer(ctx, "vault write paxos/keys/payments/kid kid="+registered.ID, "active"); err != nil {
		return err
	}
	s.noted("Paxos Support enforces signatures for withdrawals:")
	if err := s.expectAnswer(ctx, "curl -sS -X PUT "+control+
		`/signatures -d '{"operations":["CreateCryptoWithdrawal"]}'`, "CreateCryptoWithdrawal"); err != nil {
		return err
	}
	s.proved("No path returns the private key. Paxos now refuses withdrawals without a signature.")
	return nil
}

// writeSigner says what the payment service may have signed.
func (s *story) writeSigner(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("A signer limits what the payment service may pay, to whom, and how much per day")
	if err := s.expectAnswer(ctx, `vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
        sources=`+treasury+` destinations=crypto:ETHEREUM:`+supplier+` \
        limits=USDC=1000 daily_limits=USDC=1000`, "Success"); err != nil {
		return err
	}
	s.proved("Everything else is refused: other operations, profiles, destinations and assets.")
	return nil
}

// startProxy starts the paxos-proxy of the payment service, with a Vault token that allows two paths.
func (s *story) startProxy(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("The payment service gets a local socket and no secret")
	if err := s.expectAnswer(ctx, "vault write paxos/roles/payer operations=CreateCryptoWithdrawal",
		"payer"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, `printf '%s\n' \
        'path "paxos/token/payer"  { capabilities = ["read", "update"] }' \
        'path "paxos/sign/payouts" { capabilities = ["update"] }' | vault policy write payouts -`,
		"Success"); err != nil {
		return err
	}
	if _, err := s.shell(ctx, "umask 077; vault token create -policy=payouts -field=token > vault-token"); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(s.Directory, "vault-token"))
	if err != nil {
		return err
	}
	s.hide(strings.TrimSpace(string(token)))
	const command = "paxos-proxy -role=payer -signer=payouts -token-file=vault-token -listen=unix:paxos.sock"
	s.typed("%s &", command)
	output := filepath.Join(s.Directory, "proxy.log")
	if s.proxy, err = stack.LaunchShell(s.prompt+"\nexec "+command, output); err != nil {
		return err
	}
	if err := s.awaitProxy(ctx, output); err != nil {
		return err
	}
	s.proved("Anyone who can open the socket can do what the role and the signer allow. Its mode is 0600: only this user can open it.")
	return nil
}

// awaitProxy waits until the proxy has said where it listens, and shows that.
func (s *story) awaitProxy(ctx context.Context, output string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return stack.Await(ctx, 50*time.Millisecond, func() error {
		said, err := os.ReadFile(output)
		if err == nil && !strings.Contains(string(said), "listening on") {
			err = fmt.Errorf("the proxy does not listen: %s", said)
		}
		if err == nil {
			s.shown(string(said))
		}
		return err
	})
}

// stopProxy ends the proxy as a service manager does.
func (s *story) stopProxy(context.Context) error {
	if s.proxy == nil {
		return nil
	}
	s.title("The proxy stops on SIGTERM")
	s.typed("kill -TERM %d", s.proxy.PID())
	s.endProxy()
	if _, err := os.Stat(filepath.Join(s.Directory, "paxos.sock")); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the socket of the proxy is still there: %w", err)
	}
	s.proved("It completes the requests that are under way, and removes its socket.")
	return nil
}

// endProxy stops the proxy if it runs.
func (s *story) endProxy() {
	if s.proxy != nil {
		s.proxy.Stop()
	}
}

// signatures are the headers in the files of the story that must not be in a log.
var signatures = regexp.MustCompile(`Paxos-Signature: (\S+)|Bearer (\S+)`)

// hideHeaders hides the token or the signature in a file of headers.
func (s *story) hideHeaders(name string) error {
	text, err := os.ReadFile(filepath.Join(s.Directory, name))
	if err != nil {
		return err
	}
	found := signatures.FindStringSubmatch(string(text))
	if found == nil {
		return fmt.Errorf("%s has no header", name)
	}
	s.hide(found[1] + found[2])
	return nil
}
