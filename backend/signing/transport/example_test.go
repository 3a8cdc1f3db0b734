package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// vault is any client of Vault's HTTP API, here one of a few lines. An application uses its own, with
// the token and the address that it has anyway.
type vault struct{ address, token string }

// write writes to a path, and decodes the data of the answer.
func (v vault) write(ctx context.Context, method, path string, data, answer any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, v.address+"/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("X-Vault-Token", v.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return errors.Join(transport.ErrUnavailable, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil, response.StatusCode >= http.StatusInternalServerError:
		return errors.Join(transport.ErrUnavailable, errors.New(response.Status))
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", response.Status, text) // Vault's words
	}
	return json.Unmarshal(text, &struct {
		Data any `json:"data"`
	}{answer})
}

// An application makes an http.Client that asks Vault for tokens and signatures.
func Example() {
	server, paxos := exampleServers() // yours are there already
	defer server.Close()
	defer paxos.Close()
	v := vault{server.URL, "s.token"}

	token := func(ctx context.Context, asked transport.Question) (transport.Token, error) {
		var answer struct {
			AccessToken string    `json:"access_token"`
			TokenID     string    `json:"token_id"`
			ClientID    string    `json:"client_id"`
			APIURL      string    `json:"api_url"`
			TTL         int       `json:"ttl"`
			ExpiresAt   time.Time `json:"expires_at"`
		}
		method, data := http.MethodGet, map[string]string{}
		if asked.RejectedID != "" {
			method, data["rejected_token_id"] = http.MethodPost, asked.RejectedID
		}
		err := v.write(ctx, method, "paxos/token/payer", data, &answer)
		return transport.Token{AccessToken: answer.AccessToken, ID: answer.TokenID, ClientID: answer.ClientID,
			APIURL: answer.APIURL, TTL: time.Duration(answer.TTL) * time.Second, ExpiresAt: answer.ExpiresAt}, err
	}
	sign := func(ctx context.Context, method, path string, body []byte) (transport.Signature, error) {
		var answer struct {
			Headers  map[string]string `json:"headers"`
			ClientID string            `json:"client_id"`
		}
		err := v.write(ctx, http.MethodPost, "paxos/sign/payouts",
			map[string]string{"method": method, "path": path, "body": string(body)}, &answer)
		header := http.Header{}
		for name, value := range answer.Headers {
			header.Set(name, value)
		}
		return transport.Signature{Header: header, ClientID: answer.ClientID}, err
	}
	client := &http.Client{
		Transport:     &transport.Transport{Tokens: transport.Cached(token), Sign: sign},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}

	response, err := client.Post("/v2/transfer/crypto-withdrawals", "application/json",
		strings.NewReader(`{"ref_id":"invoice-17","amount":"100"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output:
	// Paxos got POST /v2/transfer/crypto-withdrawals, Bearer the-token, the-signature
	// 201 Created
}

// exampleServers returns servers that answer as Vault and Paxos do.
func exampleServers() (vault, paxos *httptest.Server) {
	paxos = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("Paxos got %s %s, %s, %s\n", r.Method, r.URL, r.Header.Get("Authorization"),
			r.Header.Get("Paxos-Signature"))
		w.WriteHeader(http.StatusCreated)
	}))
	vault = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/paxos/token/payer" {
			fmt.Fprintf(w, `{"data":{"access_token":"the-token","token_id":"id","ttl":60,"api_url":"%s/v2"}}`,
				paxos.URL)
			return
		}
		fmt.Fprint(w, `{"data":{"headers":{"Paxos-Signature":"the-signature"}}}`)
	}))
	return vault, paxos
}
