package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/version"
)

// The exit codes. The flag package uses 2 for wrong flags too.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usage is what -help prints above the flags.
const usage = `Usage: paxos-proxy -role ROLE [-signer SIGNER] [flags]

WARNING: everyone who can reach this proxy can do what its role and its signer allow. They
need no password and no token. Run one proxy for each application, with a role and a signer
for this application only, on a socket that only this application can open.

With the proxy, an application in any language can use Paxos without tokens or signatures.
The application sends plain HTTP requests to a local socket. The proxy adds an access token
to each request, which it reads from paxos/token/ROLE in Vault. With -signer it also
requests a signature from paxos/sign/SIGNER. Then it sends the request to Paxos:

  paxos-proxy -role payer -signer payouts -listen unix:/run/payouts/paxos.sock

  curl --unix-socket /run/payouts/paxos.sock http://paxos/v2/transfer/crypto-withdrawals \
    -H 'Content-Type: application/json' --data-binary @body.json

VAULT

  VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE and VAULT_CACERT have the same meaning as for the
  vault command. For OpenBao you can write BAO_ instead of VAULT_. With -token-file the Vault token comes from a file, such as the sink of a
  Vault Agent.
  The file is read before each request to Vault, so a new token is used at once.
  The Vault token needs this policy:

    path "paxos/token/ROLE"  { capabilities = ["read", "update"] }
    path "paxos/sign/SIGNER" { capabilities = ["update"] }

  If Vault is down, the proxy continues to use the access token that it has, until 30 seconds
  before the token expires. Nothing can be signed while Vault is down.

WHO CAN CONNECT

  A Unix socket has mode 0600: only the user of the proxy (and root) can connect. Put it in
  a folder that no other user can write to. A TCP port is open on loopback only, but every
  user and every program on this machine can connect to it. On TCP the proxy refuses requests
  from web pages, and bodies that are not application/json.

ANSWERS

  The proxy returns Paxos's answers unchanged, but removes cookies. It does not follow
  redirects. Errors of the proxy itself are application/problem+json, and their type begins
  with urn:paxos-proxy:

    400, 405, 408, 415, 417  The proxy does not accept the request. The answer says why.
         Nothing was sent to Paxos.
    403  Vault refused. The answer says why. Nothing was sent. On TCP also: the request has
         a wrong Host header, or comes from a web page.
    404  The request is not an operation of Paxos's API. Nothing was sent.
    413  The body is too large: 8 KiB if it is signed, otherwise 1 MiB. Nothing was sent.
    429  A limit was reached. The answer says when to retry. Nothing was sent.
    500  The role and the signer use different clients of Paxos. Nothing was sent.
    502  The connection to Paxos failed. Paxos may have executed the request, unless the
         answer says that it was not sent.
    503  Vault is unavailable. Nothing was sent.
    504  Paxos did not answer within -timeout. Paxos may have executed the request.

  After 502 and 504, send the same request again, with the same ref_id and the same bytes.
  Never use a new ref_id: you could pay twice. The proxy itself sends a request again in one
  case only: if Paxos answers 401, it sends it once more with another access token. (A GET is
  also sent again if Paxos had just closed the connection.)

OPERATION

  GET /health answers 200 if the proxy has an access token, otherwise 503. SIGTERM stops
  the proxy: it accepts no more requests, and ends when Paxos has answered the requests that
  are under way (at most -timeout and 5 seconds). The log on stderr contains no path, header
  or body of a request. HTTP_PROXY, HTTPS_PROXY and VAULT_PROXY_ADDR are ignored.

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
	caFile    string
	timeout   time.Duration
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
		"`address`: unix:/path of a socket, or host:port on loopback\n"+
			"(port 0 picks a free one)")
	flags.StringVar(&wanted.mount, "mount", "paxos", "`path` of the mount")
	flags.StringVar(&wanted.role, "role", "", "the `role` to read access tokens from (required)")
	flags.StringVar(&wanted.signer, "signer", "", "the `signer` that signs requests (default: requests are not signed)")
	flags.BoolVar(&wanted.signReads, "sign-reads", false, "sign GET requests too; only if Paxos requires it")
	flags.StringVar(&wanted.tokenFile, "token-file", "", "`file` with the Vault token (default: VAULT_TOKEN)")
	flags.StringVar(&wanted.caFile, "ca-file", "", "PEM `file` with the only certificate authorities to trust for Paxos\n"+
		"(default: those of the system); for Vault, use VAULT_CACERT")
	flags.DurationVar(&wanted.timeout, "timeout", time.Minute,
		"how long to wait until Paxos begins its answer, at most 10m")
	showVersion := flags.Bool("version", false, "print the version and exit")
	switch err := flags.Parse(arguments); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, said.String())
		return wanted, exitFine, false
	case err != nil:
		fmt.Fprint(complaints, said.String())
		return wanted, exitUsage, false
	case *showVersion:
		fmt.Fprintln(out, version.Line("paxos-proxy"))
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
		return errors.New("-mount must not be empty")
	case w.role == "":
		return errors.New("-role is required; see -help")
	case strings.Contains(w.role, "/"), strings.Contains(w.signer, "/"):
		return errors.New("-role and -signer must be names without a slash")
	case w.timeout <= 0, w.timeout > 10*time.Minute:
		return errors.New("-timeout must be more than 0 and at most 10m")
	case w.signReads && w.signer == "":
		return errors.New("-sign-reads needs a -signer")
	}
	return nil
}
