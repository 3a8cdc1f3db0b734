package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// The payments that are measured: withdrawals of one USDC from one profile to one address.
const (
	withdrawals = "/v2/transfer/crypto-withdrawals"
	treasury    = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor      = "0x00000000000000000000000000000000000000aa"
)

// newProxyTestbed starts a Vault with the engine alone, and a stand-in Paxos that demands signatures.
func newProxyTestbed(ctx context.Context, vault string) (*testbed, error) {
	server, err := stack.Start(ctx, stack.Options{Vault: vault, LogLevel: "warn", InMemory: true})
	if err != nil {
		return nil, err
	}
	t := &testbed{Stack: server}
	for _, step := range []func(context.Context) error{t.connect, t.mountEngine, t.allowPayments} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	return t, nil
}

// allowPayments gives the mount a role called payer and a signer called payouts, on a client of their
// own.
func (t *testbed) allowPayments(ctx context.Context) error {
	credential, secret, err := t.paxos.CreateCredential(paxostest.Credential{Scopes: []string{"funding:read_profile",
		"transfer:write_crypto_withdrawal"}})
	if err != nil {
		return err
	}
	write := func(path string, data map[string]any) error {
		_, err := t.client.Logical().WriteWithContext(ctx, ours+"/"+path, data)
		return err
	}
	if err := errors.Join(
		write("clients/payer", map[string]any{"purpose": "mint", "client_id": credential.ClientID,
			"client_secret": secret, "scopes": credential.Scopes, "allowed_roles": "payer"}),
		write("roles/payer", map[string]any{"scopes": credential.Scopes, "client": "payer"}),
		write("keys/payments", map[string]any{"client": "payer"})); err != nil {
		return err
	}
	key, err := t.client.Logical().ReadWithContext(ctx, ours+"/keys/payments")
	if err != nil {
		return err
	}
	versions, _ := key.Data["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	public, _ := first["public_key"].(string)
	registered, err := t.paxos.RegisterPublicKey(credential.ClientID, "vault", public)
	if err != nil {
		return err
	}
	return errors.Join(
		t.paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"CreateCryptoWithdrawal"}}),
		write("keys/payments/kid", map[string]any{"kid": registered.ID}),
		write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
			"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor, "limits": map[string]any{"USDC": "1"}}))
}

// A proxyProcess is a paxos-proxy on a Unix socket, and a client for it.
type proxyProcess struct {
	command *exec.Cmd
	client  *http.Client
	folder  string
}

// startProxy builds paxos-proxy and starts it.
func (t *testbed) startProxy(ctx context.Context) (*proxyProcess, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	p := &proxyProcess{folder: folder}
	binary, err := stack.Build(ctx, folder, "paxos-proxy")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	socket := filepath.Join(folder, "s")
	p.command = exec.Command(binary, "-mount", ours, "-role", "payer", "-signer", "payouts", "-listen", "unix:"+socket)
	p.command.Env = append(os.Environ(), "VAULT_ADDR="+t.Address, "VAULT_TOKEN="+t.RootToken)
	out, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "listening on ") {
		return nil, errors.Join(fmt.Errorf("paxos-proxy does not listen: %w", err), p.stop())
	}
	p.client = &http.Client{Transport: &http.Transport{DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
	return p, nil
}

// stop ends the process.
func (p *proxyProcess) stop() error {
	err := p.command.Process.Signal(syscall.SIGTERM)
	return errors.Join(err, p.command.Wait(), os.RemoveAll(p.folder))
}
