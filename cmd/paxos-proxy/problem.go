package main

import (
	"encoding/json"
	"net/http"
)

// A problem is an error of the proxy's own (RFC 9457). The texts are fixed, except the words of the
// engine.
type problem struct {
	Type   string `json:"type"` // begins with urn:paxos-proxy:, which no answer of Paxos does
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// newProblem returns a problem. The name ends its type.
func newProblem(status int, name, detail string) *problem {
	return &problem{"urn:paxos-proxy:" + name, http.StatusText(status), status, detail}
}

// The problems of requests that Paxos did not answer, or that were not sent.
var (
	errNoVault = newProblem(http.StatusServiceUnavailable, "vault-unavailable",
		"Vault did not answer with a token or a signature. The request was not sent. Try again later, or contact "+
			"your Vault operators. Operators: see the log of paxos-proxy.")
	errNoConnection = newProblem(http.StatusBadGateway, "no-connection",
		"Could not connect to Paxos. The request was not sent. Try again later. Operators: see the log of "+
			"paxos-proxy, and check network, proxy and firewall.")
	errBroken = newProblem(http.StatusBadGateway, "connection-broken", "The connection to Paxos broke. Paxos may have "+
		"executed the request. Send the same request again, with the same ref_id and the same body.")
	errOtherClient = newProblem(http.StatusInternalServerError, "different-clients", "The role and the signer of "+
		"paxos-proxy use different clients of Paxos, and Paxos refuses such requests. The request was not sent. Contact "+
		"your Vault operators. Operators: make the role and the key of the signer use the same client.")
	errTooLarge = newProblem(http.StatusRequestEntityTooLarge, "too-large", "The body is too large: at most 1 MiB. "+
		"The request was not sent.")
	errTooLargeToSign = newProblem(http.StatusRequestEntityTooLarge, "too-large",
		"The body is too large to be signed: at most 8 KiB, because the signature contains it in an HTTP header. The "+
			"request was not sent.")
	errTimeout = newProblem(http.StatusGatewayTimeout, "timeout", "Paxos did not answer in time (-timeout). It may have "+
		"executed the request. Send the same request again, with the same ref_id and the same body.")
)

// write answers the problem.
func (p *problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // if it fails, the caller has gone
}
