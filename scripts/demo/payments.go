package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

const (
	// writeBody writes the body of a withdrawal of 100 to a file.
	writeBody = `echo '{"ref_id":"invoice-1","amount":"100","asset":"USDC","profile_id":"` + treasury + `",
        "crypto_network":"ETHEREUM","destination_address":"` + supplier + `"}' > body.json`

	// sendIt sends a withdrawal; what follows says to whom, and what the body is.
	sendIt = `curl -sS -w '\nHTTP %{http_code}\n' -H 'Content-Type: application/json' `

	// toProxy sends it to the proxy. The name before the path is any name: the socket is the address.
	toProxy = `\
        --unix-socket paxos.sock http://paxos/v2/transfer/crypto-withdrawals --data-binary `
)

// pay pays through the proxy what the signer allows, and tries to pay more.
func (s *story) pay(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("A withdrawal of 100 is paid; a withdrawal of 1,000,000 exceeds the limit and is refused")
	if _, err := s.shell(ctx, writeBody); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, sendIt+toProxy+"@body.json", "HTTP 20"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, `sed 's/invoice-1/invoice-million/; s/"100"/"1000000"/' body.json | `+sendIt+toProxy+
		"@-", "amount is too large: limits.USDC allows at most 1000 per request", "HTTP 403"); err != nil {
		return err
	}
	if err := s.expectPaid(ctx, 1); err != nil {
		return err
	}
	s.proved("The answer says which limit refused it. The second withdrawal was not sent to Paxos.")
	return nil
}

// tamper sends requests without the proxy: with a token only, and with a signature of another body. Then
// it repeats a payment.
func (s *story) tamper(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("Paxos refuses a stolen token, a changed body and a repeated payment")
	for _, step := range []struct{ command, file string }{
		{`printf 'Authorization: Bearer %s\n' "$(vault read -field=access_token paxos/token/payer)" > token.header`,
			"token.header"},
		{"sed 's/invoice-1/invoice-2/' body.json > signed.json", ""},
		{`vault write -format=json -field=headers paxos/sign/payouts \
        method=POST path=/v2/transfer/crypto-withdrawals body=@signed.json |
        sed -n 's/.*"Paxos-Signature": "\(.*\)".*/Paxos-Signature: \1/p' > signature.header`, "signature.header"},
	} {
		if _, err := s.shell(ctx, step.command); err != nil {
			return err
		}
		if step.file == "" {
			continue
		}
		if err := s.hideHeaders(step.file); err != nil {
			return err
		}
	}
	direct := sendIt + `\
        -H @token.header ` + s.paxos.sandbox.APIURL + "/transfer/crypto-withdrawals "
	if err := s.expectAnswer(ctx, direct+"--data-binary @signed.json", "HTTP 401"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, `sed 's/"100"/"999"/' signed.json | `+direct+
		"-H @signature.header --data-binary @-", "HTTP 401"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, sendIt+toProxy+"@body.json", "HTTP 409"); err != nil {
		return err
	}
	if err := s.expectPaid(ctx, 1); err != nil {
		return err
	}
	s.proved("The signature covers every byte of the body, and Paxos accepts each ref_id only once.")
	return nil
}

// useUpTheDay pays until the daily limit is reached.
func (s *story) useUpTheDay(ctx context.Context) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.title("Ten payments use the daily limit of 1000 USDC; the eleventh is refused")
	if err := s.expectAnswer(ctx, `for n in 2 3 4 5 6 7 8 9 10 11; do
        sed "s/invoice-1/invoice-$n/" body.json | `+strings.ReplaceAll(sendIt, `-w '\nHTTP %{http_code}\n'`,
		`-o answer-$n.json -w "invoice-$n: HTTP %{http_code}\n"`)+toProxy+`@-
      done; cat answer-11.json`, "invoice-2: HTTP 20", "invoice-10: HTTP 20", "invoice-11: HTTP 403",
		"daily_limits.USDC has 0 of 1000 left"); err != nil {
		return err
	}
	if err := s.expectAnswer(ctx, "vault read -field=daily_usage paxos/signers/payouts", "left:0", "used:1000",
		"next_at:20"); err != nil {
		return err
	}
	if err := s.expectPaid(ctx, 10); err != nil {
		return err
	}
	s.proved("invoice-1 and invoice-2 were signed twice but count once. A payment counts for 24 hours and 35 minutes.")
	return nil
}

// expectPaid returns an error unless Paxos has executed this number of withdrawals.
func (s *story) expectPaid(ctx context.Context, want int) error {
	var answer struct {
		Executed []struct {
			Operation string `json:"operation"`
		} `json:"executed"`
	}
	if err := s.paxos.sandbox.Control(ctx, http.MethodGet, "executed", nil, &answer); err != nil {
		return err
	}
	paid := 0
	for _, executed := range answer.Executed {
		if executed.Operation == "CreateCryptoWithdrawal" {
			paid++
		}
	}
	if paid != want {
		return errors.New("paxos has not executed the payments that it should have")
	}
	return nil
}

// expectNoSignature pays in a lockdown, which must be refused.
func (s *story) expectNoSignature(ctx context.Context) error {
	if s.proxy == nil {
		return nil
	}
	return s.expectAnswer(ctx, "sed 's/invoice-1/invoice-12/' body.json | "+sendIt+toProxy+"@-", "HTTP 403", "in lockdown")
}
