package backend_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// formsOf are the texts that give a private key away: the stored bytes and the secret number in
// them, in every usual form.
func formsOf(t *testing.T, private []byte) map[string]string {
	t.Helper()
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	body := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})[len("-----BEGIN PRIVATE KEY-----\n"):]
	forms := map[string]string{"PEM": string(body[:60])}
	number := []byte(nil)
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey:
		if number, err = key.Bytes(); err != nil {
			t.Fatal(err)
		}
		sec1, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		forms["SEC 1"] = base64.StdEncoding.EncodeToString(sec1)[:40]
	case ed25519.PrivateKey:
		number = key.Seed()
	}
	for name, secret := range map[string][]byte{"the key": private, "the number": number} {
		forms[name+" in bytes"] = string(secret)
		forms[name+" in hexadecimal"] = hex.EncodeToString(secret)
		forms[name+" in HEXADECIMAL"] = strings.ToUpper(hex.EncodeToString(secret))
		forms[name+" in base64"] = base64.RawStdEncoding.EncodeToString(secret)
		forms[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(secret)
		forms[name+" in decimals"] = strings.Trim(fmt.Sprint(secret), "[]")
		forms[name+" in JSON numbers"] = strings.ReplaceAll(strings.Trim(fmt.Sprint(secret), "[]"), " ", ",")
	}
	return forms
}

// TestNoPrivateKeyIsTold does every operation of every path of a mount that has keys of both types:
// with entries as they should be, with failing storage, and with entries of keys that are damaged.
// It looks for the private keys in answers, errors, events, the log, and in storage elsewhere than
// under keys/.
func TestNoPrivateKeyIsTold(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.Must(logical.UpdateOperation, "keys/ed", map[string]any{"type": "ed25519"})
	m.Must(logical.UpdateOperation, "keys/ed/kid", map[string]any{"kid": "ed-1"})
	m.Must(logical.UpdateOperation, "keys/payments/rotate", nil)
	m.Must(logical.UpdateOperation, "signers/ed", map[string]any{"key": "ed"})
	forms := map[string]string{}
	for _, key := range []string{"payments", "ed"} {
		for i, private := range m.privateKeys(key) {
			for name, text := range formsOf(t, private) {
				forms[fmt.Sprint(key, " ", i+1, ": ", name)] = text
			}
		}
	}
	if len(forms) != 3*14+3+2 {
		t.Errorf("%d forms are looked for", len(forms))
	}
	var said bytes.Buffer
	m.hearAll(&said, everything...)
	m.Storage.FailWrites.Store(true)
	m.hearAll(&said, everything...)
	m.Storage.FailWrites.Store(false)
	m.Storage.FailReads.Store(true)
	m.hearAll(&said, logical.ReadOperation, logical.ListOperation, logical.PatchOperation)
	m.Storage.FailReads.Store(false)
	stored := m.Stored()
	entry, err := m.Storage.Get(context.Background(), "keys/payments")
	if err != nil || entry == nil {
		t.Fatalf("the key is %v, %v", entry, err)
	}
	text := base64.StdEncoding.EncodeToString(m.privateKeys("payments")[0])
	for _, damaged := range []string{
		strings.Replace(string(entry.Value), `"schema":1`, `"schema":99`, 1),
		string(entry.Value[:len(entry.Value)-2]),
		`{"schema":1,"versions":"` + text + `"}`,
		`{"schema":1,"type":"ed25519","versions":[{"number":"` + text + `","private":"` + text + `"}]}`,
		strings.Replace(string(entry.Value), text, text[:40]+text[44:], 1), // one that cannot be parsed
	} {
		if err := m.Storage.Put(context.Background(), &logical.StorageEntry{Key: "keys/payments",
			Value: []byte(damaged)}); err != nil {
			t.Fatal(err)
		}
		m.Restart()
		m.hearAll(&said, everything...)
		_, _ = m.Do(logical.RollbackOperation, "", nil) // its error is in the log
	}
	for where, text := range map[string]string{"an answer": said.String(), "the log": m.Log.String(),
		"an event": m.Events.All()} {
		for name, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("%s has %s", where, name)
			}
		}
	}
	for line := range strings.Lines(stored) {
		for name, form := range forms {
			if !strings.HasPrefix(line, "keys/") && strings.Contains(line, form) {
				t.Errorf("%.20s has %s", line, name)
			}
		}
	}
	if !strings.Contains(said.String(), "public_key") || !strings.Contains(said.String(), "Paxos-Signature") {
		t.Error("no key was read, or nothing was signed")
	}
}

// everything are the operations of a path.
var everything = []logical.Operation{logical.ReadOperation, logical.ListOperation, logical.PatchOperation,
	logical.UpdateOperation, logical.DeleteOperation}

// hearAll does these operations of every path, with good parameters where a path needs some, and
// writes down everything that is answered. The configuration is only read, and of deletions only
// those of keys are tried, which are refused.
func (m *mount) hearAll(said *bytes.Buffer, operations ...logical.Operation) {
	m.T.Helper()
	hear := func(operation logical.Operation, path string, data map[string]any) {
		resp, err := m.Do(operation, path, data)
		raw, _ := json.Marshal(resp) // an answer that JSON cannot hold is printed below
		fmt.Fprintln(said, string(raw), err)
		if resp != nil {
			fmt.Fprintf(said, "%v %+v %#v\n", resp.Data, resp.Warnings, resp.Data)
		}
	}
	good := map[string]map[string]any{
		"sign/payments": {"method": "POST", "path": withdrawals, "body": withdrawal("ref-x", "1")},
		"sign/payouts":  {"method": "POST", "path": withdrawals, "body": withdrawal("ref-y", "1")},
		"sign/ed":       {"method": "GET", "path": "/v2/profiles"},
		"lookup":        {"access_token": "token"}, "keys/payments": {"min_version": 1},
		"keys/payments/kid": {"discover": true}, "keys/ed/kid": {"discover": true},
		"probe": {"check_signing": true}, "signers/payouts": {"disabled": false},
	}
	documented := m.Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	var paths []string
	for path := range documented {
		for _, name := range []string{"payments", "payouts", "ed"} {
			one := strings.NewReplacer("{scope}", "funding:read_profile", "{id}", "GetTransfer", "{name}", name,
				"{role}", "mint", "{token_id}", "x").Replace(path)
			if one = strings.TrimPrefix(one, "/"); !slices.Contains(paths, one) {
				paths = append(paths, one)
				fmt.Fprintln(said, m.Help(one).Data["help"])
			}
		}
	}
	for _, path := range paths {
		settings := path == "lockdown" || strings.HasPrefix(path, "config")
		for _, operation := range operations {
			switch {
			case settings && operation != logical.ReadOperation:
			case operation == logical.DeleteOperation && !strings.HasPrefix(path, "keys/"):
			case operation == logical.UpdateOperation:
				hear(operation, path, good[path])
				hear(operation, path, map[string]any{"private_key": "x", "name": 1})
			default:
				hear(operation, path, nil)
			}
		}
	}
}
