// Package catalog knows the scopes and the operations of the Paxos API: which scope opens which
// operation, how much harm a scope can do, and the least scopes that allow what an application
// does.
//
// Its two tables are embedded and read once, when first asked.
//
// operations.tsv holds the 125 operations of Paxos's OpenAPI document
// (https://developer.paxos.com/docs/paxos-v2.openapi.json, as of July and August 2026). The columns
// are operationId, method, path (without /v2), scopes (with commas), tag and summary, then auth
// (none, token or scope), match (all or any, of several scopes) and deprecated.
//
// scopes.tsv holds the 67 scopes that Paxos is known to have: those that the OpenAPI document
// declares (36), those that only its operations name (30), and one that only the guides name,
// exchange:read_aggregated_marketdata_stream. The source of the guides is
// https://github.com/paxosglobal/docs-mintlify, as of 30 April 2026. The columns are scope, risk,
// description and the number of operations that accept it. The risk is this project's judgement,
// not Paxos's. A description is Paxos's own unless it begins with "(docs)", then it is from the
// guides, or "(derived)", then Paxos has none and it lists the operations.
//
// Four scopes belong to no operation: funding:read_bank_balance, tax:read_tax_lot and
// tax:write_tax_lot, which Paxos declares and does not use, and
// exchange:read_aggregated_marketdata_stream, which opens a WebSocket. Paxos adds scopes without
// notice; a scope that is not here is unknown, not wrong.
//
// What the package returns is the caller's: changing it changes nothing here.
package catalog
