// This program lists the profiles of a Paxos account, with an access token from Vault.
//
// It logs in to Vault with AppRole, reads a token of one role, and uses it for many requests. It reads
// again when Vault says so, and when Paxos rejects the token. No secret is printed or is in an argument.
//
// Usage: paxos-example [-every 30s]
//
//	VAULT_ADDR       address of Vault
//	ROLE_ID_FILE     file with the Role ID of AppRole (default: role-id)
//	SECRET_ID_FILE   file with the Secret ID of AppRole (default: secret-id)
//	PAXOS_MOUNT      path of the secrets engine (default: paxos)
//	PAXOS_ROLE       role to read tokens of (default: mint-role)
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	every := flag.Duration("every", 0, "list the profiles again and again, with this `pause`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *every); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// run lists the profiles until the context ends, and logs out of Vault.
func run(ctx context.Context, every time.Duration) error {
	tokens, err := newVaultTokens(os.Getenv("PAXOS_MOUNT"), os.Getenv("PAXOS_ROLE"))
	if err != nil {
		return err
	}
	defer tokens.logout()
	client := &http.Client{Transport: newTransport(tokens), Timeout: 2 * time.Minute} // with all retries
	for {
		count, err := countProfiles(ctx, client, tokens)
		if err != nil {
			return err
		}
		fmt.Printf("%d profiles\n", count)
		if every == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// countProfiles asks Paxos for the profiles that the token may see.
func countProfiles(ctx context.Context, client *http.Client, tokens *vaultTokens) (int, error) {
	apiURL, err := tokens.apiURL()
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, apiURL+"/profiles", nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // the status says enough
		return 0, fmt.Errorf("HTTP %d from Paxos: %q", response.StatusCode, text)
	}
	var answer struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, fmt.Errorf("reading the answer of Paxos: %w", err)
	}
	return len(answer.Items), nil
}

// contents returns the text of the file that the variable names.
func contents(variable, byDefault string) (string, error) {
	text, err := os.ReadFile(cmp.Or(os.Getenv(variable), byDefault))
	return strings.TrimSpace(string(text)), err
}
