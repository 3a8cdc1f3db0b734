// Package limits keeps a plugin process below the limits of Paxos, and shares what they allow among
// the mounts of the process and among the roles of each mount. Paxos counts by address, so all
// mounts of a process use one set of [Limits]. It has a [Budget] of token requests for each token
// endpoint, and a [Throttle] for each route to Paxos, which stops all calls while Paxos answers 429.
// A [Mount] keeps on record what a mount has sent, so that a restart neither refills the budget nor
// runs into a ban again. The package knows nothing of Vault or of tokens: storage is behind
// [Records].
package limits
