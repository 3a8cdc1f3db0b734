// Package paxostest is a stand-in for Paxos, as strict as what is documented of the real one.
//
// It listens on a loopback port and serves the OAuth server (built on fosite, the library under Ory
// Hydra, whose discovery document Paxos's matches), every operation of the API that the catalogue
// knows, and a dashboard that exists as Go methods on [Server] and, for people, under /sandbox/.
// Every operation checks the token, the client's IP allow-list, the scopes and, where an [Enforcement]
// demands one, the signature of the request. The API Credentials API and crypto withdrawals then work
// as those of Paxos. Other operations that change something are recorded as the server understood
// them ([Server.Executed]) and refuse a ref_id that was used before; the rest answer an empty object.
//
// Tests should check its state ([Server.Alive], [Server.Tokens], [Server.Executed],
// [Server.MostTokenRequestsInWindow]) and not a status code, because Paxos answers 200 to a revocation
// that revoked nothing.
//
// It is not Paxos, and every reply says so in the header X-Paxos-Sandbox.
package paxostest
