// Package payment reads from a request what it would move, and judges that against what is allowed.
//
// A signature makes Paxos move money, so Read is strict: a body that Paxos might understand in
// another way is refused, not interpreted. Paxos's gateway probably takes lowerCamelCase for
// snake_case and null for absent, and nobody knows which of two equal keys it takes. So every key
// must be one that the catalogue names for the operation (catalog.Movement), spelled exactly so.
//
// Before a request is signed, call Read, and then Policy.Check on its result. A *Malformed error says
// that a request cannot be judged, a *Refusal that it can be and is not allowed. Both name the
// field and never repeat a value of the request. An *Invalid error is about what an operator wrote.
//
// The package does no I/O and knows nothing of Vault. It compares a single request with limits; how
// much was paid before is the caller's business.
package payment
