package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/backend/version"
)

// readyScopes returns the scopes that Paxos documents for minting, redeeming and converting
// stablecoins, and the scope to list credentials.
func readyScopes() []string {
	documented, _ := catalog.LookupSet("mint-redeem-convert")
	return append(documented.Scopes, "api_creds:read_credentials")
}

// usage is what -help prints above the flags.
const usage = `Usage: paxos-sandbox [flags]

Runs a stand-in for Paxos on this machine, for tests. It has Paxos's OAuth server with the
documented rate limit, and every operation of its API. An operation checks the token, its
scopes and, with -signatures, the signature of the request, but moves no money. The
program prints its URLs and a client that is ready to use, and runs until it is interrupted.

Under /sandbox/ it has an API to control it. Anyone who reaches the address can use it:

  GET    /sandbox/tokens[/FINGERPRINT]           the tokens issued, and whether they are valid
  GET    /sandbox/calls                          request counters and the rate limit
  GET    /sandbox/credentials                    the credentials, as in the Dashboard
  POST   /sandbox/credentials                    create one: nickname, scopes, ip_allowlist, ...
  POST   /sandbox/credentials/CLIENT_ID          edit one
  POST   /sandbox/credentials/CLIENT_ID/rotate   give one a new secret
  DELETE /sandbox/credentials/CLIENT_ID          delete one: its tokens stop working
  POST   /sandbox/credentials/CLIENT_ID/keys     register a public key: nickname, public_key (PEM)
  POST   /sandbox/credentials/CLIENT_ID/keys/KEY_ID/deactivate
                                                 deactivate one: its signatures are refused
  DELETE /sandbox/credentials/CLIENT_ID/keys/KEY_ID
                                                 remove one
  GET    /sandbox/signatures                     which requests must have a Paxos-Signature
  PUT    /sandbox/signatures                     change it: credentials, operations, status (401 or 403)
  GET    /sandbox/executed                       the requests that were executed, and the amounts
  POST   /sandbox/faults                         endpoint, times, and status, delay, hang, drop, ...
  DELETE /sandbox/faults                         remove all faults

Flags:
`

// settings are the values of the flags.
type settings struct {
	address       string
	allowRemote   bool
	tokenLifetime time.Duration
	tokenLimit    int
	tls           bool
	signatures    paxostest.Enforcement
	scopes        []string
	clientID      string
	clientSecret  string
	json          bool
}

// parseFlags reads the flags. If there is nothing to run, it returns false and the exit code.
func parseFlags(arguments []string, out, complaints io.Writer) (wanted settings, code int, ok bool) {
	flags := flag.NewFlagSet("paxos-sandbox", flag.ContinueOnError)
	var said bytes.Buffer // help that was asked for goes to out, all else to complaints
	flags.SetOutput(&said)
	flags.Usage = func() {
		fmt.Fprint(&said, usage)
		flags.PrintDefaults()
	}
	scopes, signatures := wanted.define(flags)
	showVersion := flags.Bool("version", false, "print the version and exit")

	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, said.String())
		return settings{}, 0, false
	} else if err != nil {
		fmt.Fprint(complaints, said.String())
		return settings{}, 2, false
	}
	if *showVersion {
		fmt.Fprintln(out, version.Line("paxos-sandbox"))
		return settings{}, 0, false
	}
	wanted.scopes = words(*scopes)
	wanted.signatures = enforcement(words(*signatures))
	if err := wanted.validate(flags.Args()); err != nil {
		fmt.Fprintf(complaints, "paxos-sandbox: %v\n", err)
		return settings{}, 2, false
	}
	return wanted, 0, true
}

// words splits the value of a flag at white space and commas.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
}

// allOfReady is the word of -signatures that makes the ready client sign all its requests.
const allOfReady = "credentials"

// enforcement returns what the words of -signatures demand.
func enforcement(demanded []string) paxostest.Enforcement {
	return paxostest.Enforcement{
		Credentials: slices.Contains(demanded, allOfReady),
		Operations:  slices.DeleteFunc(demanded, func(word string) bool { return word == allOfReady }),
	}
}

// define declares the flags, which set the fields of w. It returns the texts of the flags -scopes and
// -signatures, which still have to be split.
func (w *settings) define(flags *flag.FlagSet) (scopes, signatures *string) {
	flags.StringVar(&w.address, "address", "127.0.0.1:8300", "`host:port` to listen on; port 0 picks a free one")
	flags.BoolVar(&w.allowRemote, "allow-remote", false,
		"allow an -address that other machines can reach; they can then control the sandbox")
	flags.DurationVar(&w.tokenLifetime, "token-lifetime", time.Hour, "lifetime of an access token")
	flags.IntVar(&w.tokenLimit, "token-limit", 300,
		"token requests that one IP address may send in any 5 minutes; negative: no limit")
	flags.BoolVar(&w.tls, "tls", false,
		"serve https; prints the certificate authority to trust, which is new at each start")
	flags.StringVar(&w.clientID, "client-id", "", "Client ID of the ready client (default: a random UUID)")
	flags.StringVar(&w.clientSecret, "client-secret", "",
		"Secret of the ready client; other users of this machine can see it (default: random)")
	flags.BoolVar(&w.json, "json", false, "print one line of JSON instead of text")
	signatures = flags.String("signatures", "", "requests that must have a Paxos-Signature: `operations` such as "+
		"CreateCryptoWithdrawal,\nor credentials for all requests of the ready client and of others with "+
		"enforce_request_signing\n(default: none)")
	scopes = flags.String("scopes", strings.Join(readyScopes(), " "),
		"`scopes` of the ready client, separated by spaces or commas")
	return scopes, signatures
}

// validate returns an error that names the flag which is wrong. The rest are the arguments that are not
// flags, of which there may be none.
func (w settings) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; see -help", rest[0])
	case w.tokenLifetime < time.Second:
		return errors.New("-token-lifetime: less than a second")
	case w.tokenLimit == 0:
		return errors.New("-token-limit: with 0 no token could be requested; use a negative number for no limit")
	case len(w.scopes) == 0:
		return errors.New("-scopes: none given")
	}
	return nil
}
