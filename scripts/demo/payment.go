package main

// The payments of the story go from this profile to this address.
const (
	treasuryProfile = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	supplierAddress = "0x00000000000000000000000000000000000000aa"
)

// makeKey makes a signing key, has Paxos enforce its signatures, and writes a signer.
func makeKey() step {
	return step{
		standIn: true, // at the real Paxos, a person must register the key in the Dashboard
		name:    "Signing key",
		title:   "Payments: a signing key in Vault, and a signer that limits what is signed",
		commands: []command{
			{line: "vault write -f paxos/keys/payments", want: []string{"Success"}},
			{note: "In the Dashboard, a person registers the public key, and Paxos gives it a Key ID:",
				line: `jq -n --arg key "$(vault read -field=public_key paxos/keys/payments)" \
  '{nickname: "vault", public_key: $key}' |
  curl -sS "$PAXOS/sandbox/credentials/$(jq -r .client_id client.json)/keys" \
  -d @- > key.json`},
			{line: `vault write -field=state paxos/keys/payments/kid kid="$(jq -r .id key.json)"`, want: []string{"^active$"}},
			{note: "Paxos Support enforces signatures for withdrawals:",
				line: `curl -sS -X PUT "$PAXOS/sandbox/signatures" -d '{"operations":["CreateCryptoWithdrawal"]}'`,
				want: []string{"CreateCryptoWithdrawal"}},
			{note: "Does Paxos refuse a withdrawal without a signature? The engine tries it, with an empty body:",
				line: "vault write -format=json paxos/probe check_signing=true |\n  jq '.data | {signing_enforced, " +
					"signature_accepted}'", want: []string{`"signing_enforced": "(enforced)"`, `"signature_accepted": "yes"`},
				figure: "signatures are %s at Paxos"},
			{line: `vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
  sources=` + treasuryProfile + ` \
  destinations=crypto:ETHEREUM:` + supplierAddress + ` \
  limits=USDC=1000 daily_limits=USDC=1000`, want: []string{"Success"}},
		},
		shown: "The private key cannot leave Vault. The signer allows one operation, one source, one destination, " +
			"1000 USDC per payment and 1000 USDC per day.",
	}
}

// startProxy starts the paxos-proxy of the payment service, with a Vault token that allows two paths.
func startProxy() step {
	return step{
		standIn: true,
		title:   "The payment service gets a local socket, and no secret",
		commands: []command{
			{line: "vault write paxos/roles/payer operations=CreateCryptoWithdrawal", want: []string{"Success"}},
			{line: `printf '%s\n' \
  'path "paxos/token/payer"  { capabilities = ["read", "update"] }' \
  'path "paxos/sign/payouts" { capabilities = ["update"] }' |
  vault policy write payouts -`, want: []string{"Success"}},
			{line: "vault token create -policy=payouts -ttl=1h -field=token > payouts-token"},
			{line: `paxos-proxy -role=payer -signer=payouts -token-file=payouts-token \
  -listen=unix:paxos.sock > proxy.log 2>&1 &`},
			{line: "proxy=$!"},
			{line: "until test -S paxos.sock; do sleep 0.1; done; ls -l paxos.sock | cut -c1-10",
				want: []string{"^srw-------$"}},
		},
		shown: "paxos-proxy adds a token and a signature to each request. Only this user can open the socket.",
	}
}

// send is a command that posts a withdrawal, after an edit of its file, with these arguments of curl. It shows
// the status of an accepted payment, or why it was refused.
func send(file, edit, arguments string) string {
	post := `curl -sS -o answer.json -w 'HTTP %{http_code}\n' --data-binary @`
	if edit == "" {
		post += file
	} else {
		post = "sed '" + edit + "' " + file + " |\n  " + post + "-"
	}
	return post + ` \
  -H 'Content-Type: application/json' ` + arguments + ` &&
  jq -r '.detail // .status' answer.json`
}

// withdraw is a command that sends the withdrawal of body.json to the proxy, after an edit.
func withdraw(edit string) string {
	return send("body.json", edit, `\
  --unix-socket paxos.sock http://paxos/v2/transfer/crypto-withdrawals`)
}

// pay pays through the proxy what the signer allows, and tries to pay more.
func pay() step {
	return step{
		standIn: true,
		name:    "Payments",
		title:   "A payment of 100 USDC is accepted. A payment of 1,000,000 USDC is refused",
		commands: []command{
			{line: `echo '{"ref_id": "invoice-1", "amount": "100", "asset": "USDC",
  "profile_id": "` + treasuryProfile + `", "crypto_network": "ETHEREUM",
  "destination_address": "` + supplierAddress + `"}' > body.json`},
			{line: withdraw(""), want: []string{`^HTTP (20\d)$`}, figure: "%s for 100 USDC"},
			{line: withdraw(`s/invoice-1/invoice-million/; s/"100"/"1000000"/`), want: []string{`^HTTP (403)$`,
				"limits.USDC allows at most 1000 per request"}, figure: "%s for 1,000,000 USDC"},
		},
		shown: "The answer says which limit refused it. The second payment was not sent to Paxos.",
	}
}

// steal sends requests without the proxy: with a token only, and with a signature of another body.
func steal() step {
	const direct = `-H @token.header \
  "$PAXOS/v2/transfer/crypto-withdrawals"`
	return step{
		standIn: true,
		name:    "Forged payments",
		title:   "A stolen token, or a changed payment, is worth nothing at Paxos",
		commands: []command{
			{line: `vault read -field=access_token paxos/token/payer | tee payer-token |
  sed 's/^/Authorization: Bearer /' > token.header`},
			{line: `sed 's/invoice-1/invoice-2/' body.json > signed.json`},
			{line: `vault write -format=json paxos/sign/payouts body=@signed.json \
  method=POST path=/v2/transfer/crypto-withdrawals |
  jq -r '"Paxos-Signature: " + .data.headers["Paxos-Signature"]' > signature.header`},
			{note: "The token without a signature:", line: send("signed.json", "", direct),
				want: []string{`^HTTP (401)$`}, figure: "%s without a signature"},
			{note: "The token with the signature of another amount:",
				line: send("signed.json", `s/"100"/"999"/`, "-H @signature.header "+direct),
				want: []string{`^HTTP (401)$`}, figure: "%s with the signature of another amount"},
		},
		shown: "The signature covers every byte of the body.",
	}
}

// useUpTheDay pays until the daily limit is reached.
func useUpTheDay() step {
	return step{
		standIn: true,
		name:    "Daily limit",
		title:   "The daily limit of 1000 USDC allows ten payments of 100 USDC, and no more",
		commands: []command{
			{line: `for n in 2 3 4 5 6 7 8 9 10 11; do
    sed "s/invoice-1/invoice-$n/" body.json |
    curl -sS -o answer-$n.json -w "invoice-$n: HTTP %{http_code}\n" \
    -H 'Content-Type: application/json' --data-binary @- \
    --unix-socket paxos.sock http://paxos/v2/transfer/crypto-withdrawals
  done`, want: []string{`^invoice-10: HTTP 20\d$`, `^invoice-11: HTTP (403)$`},
				figure: "%s for the eleventh payment"},
			{line: "jq -r .detail answer-11.json", want: []string{"daily_limits.USDC has 0 of 1000 left"}},
			{note: "What has Paxos executed?", line: `curl -sS "$PAXOS/sandbox/executed" |
  jq '[.executed[] | select(.operation == "CreateCryptoWithdrawal")] | length'`,
				want: []string{`^(10)$`}, figure: "%s payments executed by Paxos"},
		},
		shown: "invoice-2 was signed twice, but counts once. A payment counts for 24 hours and 35 minutes.",
	}
}
