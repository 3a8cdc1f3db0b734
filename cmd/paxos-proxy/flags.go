package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// usage is what -help prints above the flags.
const usage = `Usage: paxos-proxy -role ROLE [flags]

Everybody who can reach this proxy has what its Vault token, its role and its signer allow:
give it to one application, with a role and a signer of its own.

The proxy lets an application in any language use Paxos through a local socket, without
tokens and signatures. It adds an access token (paxos/token/ROLE) and, with -signer, a
request signature (paxos/sign/SIGNER) to each request, and sends it to Paxos:

  paxos-proxy -role payer -signer payouts -listen unix:/run/payouts/paxos.sock
  curl --unix-socket /run/payouts/paxos.sock http://paxos/v2/transfer/crypto-withdrawals \
    -H 'Content-Type: application/json' --data-binary @body.json

Requests that the signer does not allow are answered with 403 and Vault's reason, and are
not sent. So are requests that are no operation of Paxos's API (404). The proxy's own
errors are application/problem+json with a type that begins with urn:paxos-proxy:; every
other answer is that of Paxos. Nothing is sent twice, except a request that Paxos answered
with 401, once, with another token. After a timeout or a broken connection (502, 504), send
the same request again, with the same ref_id and the same bytes, never with a new ref_id.

VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and VAULT_CACERT say which Vault, as for the vault
command. With -token-file the Vault token comes from a file, such as the sink of a Vault
Agent, and is read again when it changes. The token needs this policy:

  path "paxos/token/ROLE"  { capabilities = ["read", "update"] }
  path "paxos/sign/SIGNER" { capabilities = ["update"] }

GET /health answers 200 if the proxy has an access token, otherwise 503. On TCP the proxy
listens on loopback only, where every user of this machine can reach it; a Unix socket can
be reached by the proxy's own user only (mode 0600). The log has no path, header or body.
Proxies in the environment are not used for Paxos.

Flags:
`

// settings are the values of the flags.
type settings struct {
	listen    string
	mount     string
	role      string
	signer    string
	signReads bool
	tokenFile string
}

// parseFlags reads the flags. If there is nothing to run, it returns false and the exit code.
func parseFlags(arguments []string, out, complaints io.Writer) (wanted settings, code int, ok bool) {
	flags := flag.NewFlagSet("paxos-proxy", flag.ContinueOnError)
	var said strings.Builder // help that was asked for goes to out, all else to complaints
	flags.SetOutput(&said)
	flags.Usage = func() {
		fmt.Fprint(&said, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&wanted.listen, "listen", "unix:paxos-proxy.sock",
		"`address`: unix:/path of a socket, or host:port on loopback; port 0 picks a free one")
	flags.StringVar(&wanted.mount, "mount", "paxos", "`path` of the mount")
	flags.StringVar(&wanted.role, "role", "", "the `role` whose access tokens are sent")
	flags.StringVar(&wanted.signer, "signer", "", "the `signer` that signs requests; empty: nothing is signed")
	flags.BoolVar(&wanted.signReads, "sign-reads", false, "sign GET requests too")
	flags.StringVar(&wanted.tokenFile, "token-file", "", "`file` that has the Vault token (default: VAULT_TOKEN)")
	showVersion := flags.Bool("version", false, "print the version and exit")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, said.String())
		return wanted, exitFine, false
	case err != nil:
		fmt.Fprint(complaints, said.String())
		return wanted, exitUsage, false
	case *showVersion:
		fmt.Fprintln(out, version)
		return wanted, exitFine, false
	}
	wanted.mount = strings.Trim(wanted.mount, "/")
	if err := wanted.validate(flags.Args()); err != nil {
		fmt.Fprintf(complaints, "paxos-proxy: %v\n", err)
		return wanted, exitUsage, false
	}
	return wanted, exitFine, true
}

// validate returns an error that names the flag which is wrong. The rest are the arguments that are not
// flags, of which there may be none.
func (w settings) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q; see -help", rest[0])
	case w.mount == "":
		return errors.New("-mount is empty")
	case w.role == "":
		return errors.New("-role is required; see -help")
	case strings.Contains(w.role, "/"), strings.Contains(w.signer, "/"):
		return errors.New("-role and -signer are names without a slash")
	case w.signReads && w.signer == "":
		return errors.New("-sign-reads needs a -signer")
	}
	return nil
}
