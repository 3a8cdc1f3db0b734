// Package report turns facts about a mount into findings for a security review: about its roles, its
// clients, and Paxos's list of the company's credentials. It is pure: it reads no storage, makes no
// call, and knows no Vault.
package report
