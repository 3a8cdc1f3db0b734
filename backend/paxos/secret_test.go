package paxos_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/hashicorp/go-hclog"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// A nest holds secrets in places where fmt cannot call their methods.
type nest struct {
	Exported paxos.Secret
	hidden   paxos.Secret
	pointer  *paxos.Secret
	list     []paxos.Secret
	byName   map[string]paxos.Secret
	deeper   struct{ hidden paxos.Secret }
}

// newNest returns a nest with the secret in every place.
func newNest(secret paxos.Secret) nest {
	n := nest{
		Exported: secret, hidden: secret, pointer: &secret,
		list: []paxos.Secret{secret}, byName: map[string]paxos.Secret{"secret": secret},
	}
	n.deeper.hidden = secret
	return n
}

// encode is json.Marshal for values that can always be encoded.
func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// logged returns what a logger writes for the value.
func logged(value any, inJSON bool) string {
	var out bytes.Buffer
	logger := hclog.New(&hclog.LoggerOptions{Output: &out, JSONFormat: inJSON, Level: hclog.Trace})
	logger.With("always", value).Info("message", "value", value, "list", []any{value}, "error",
		fmt.Errorf("wrapping %v", value))
	return out.String()
}

// TestSecretIsNeverPrinted prints a secret in every way that code may do by mistake.
func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const text = canary
	secret := paxos.Hide(text)
	connection := connect(t, paxos.Settings{Endpoints: paxos.Production, ProxyURL: "http://proxy.example",
		ProxyUsername: "vault", ProxyPassword: secret})
	for name, value := range map[string]any{
		"the secret":          secret,
		"a pointer to it":     &secret,
		"a nest":              newNest(secret),
		"a pointer to a nest": new(newNest(secret)),
		"settings":            paxos.Settings{ProxyPassword: secret},
		"a grant":             paxos.Grant{AccessToken: secret},
		"a client":            connection.Client("id", secret),
		"a connection":        connection,
		"an error":            fmt.Errorf("wrapping: %w", errors.Join(errors.New("cause"), fmt.Errorf("%v", secret))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outputs := map[string]string{
				"json": encode(t, value), "hclog": logged(value, false), "hclog JSON": logged(value, true),
			}
			for _, verb := range "vsqxXdtbcoOUeEfFgGpTw" {
				for _, flags := range []string{"", "+", "#", "-9", "09", "# ", "[1]"} {
					outputs["%"+flags+string(verb)] = fmt.Sprintf("%"+flags+string(verb), value)
				}
			}
			var out bytes.Buffer
			slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "value", value)
			if err := template.Must(template.New("").Parse("{{.}}{{printf \"%#v\" .}}")).Execute(&out,
				value); err != nil {
				t.Fatal(err)
			}
			outputs["slog and template"] = out.String()
			hexadecimal := fmt.Sprintf("%x", text)
			for way, output := range outputs {
				if strings.Contains(output, text) || strings.Contains(strings.ToLower(output), hexadecimal) {
					t.Errorf("%s tells it: %s", way, output)
				}
			}
		})
	}
}

// TestSecretHolds checks that Reveal returns what was hidden, and what is printed instead.
func TestSecretHolds(t *testing.T) {
	t.Parallel()
	if got := paxos.Hide("text").Reveal(); got != "text" {
		t.Errorf("got %q", got)
	}
	if got := (paxos.Secret{}).Reveal(); got != "" {
		t.Errorf("the zero secret reveals %q", got)
	}
	if got := fmt.Sprintf("%s %v %#v", paxos.Hide("text"), paxos.Hide("text"),
		paxos.Secret{}); got != "[redacted] [redacted] [redacted]" {
		t.Errorf("got %q", got)
	}
	if got := encode(t, map[string]any{"a": paxos.Hide("text")}); got != `{"a":"[redacted]"}` {
		t.Errorf("got %s", got)
	}
}
