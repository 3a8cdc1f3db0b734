// Package catalog knows the scopes and the operations of the Paxos API: which scope opens which
// operation, how much harm a scope can do, the least scopes that allow what an application does, and
// what in a request moves money.
//
// Its three tables are embedded in the program and read once, when they are first needed.
//
// operations.tsv holds the operations of Paxos's OpenAPI document
// (https://developer.paxos.com/docs/paxos-v2.openapi.json, as of July and August 2026). Its columns
// are operationId, method, path (without /v2), scopes (separated by commas), tag and summary, then
// auth (none, token or scope), match (all or any, if there are several scopes) and deprecated.
//
// scopes.tsv holds the scopes that Paxos is known to have: those that the OpenAPI document declares,
// those that only its operations name, and exchange:read_aggregated_marketdata_stream, which only
// the guides name (https://github.com/paxosglobal/docs-mintlify, as of 30 April 2026). Its columns
// are scope, risk and description. The risk is the judgement of this project, not of Paxos. A
// description that begins with "(docs)" comes from the guides. One that begins with "(derived)"
// lists the scope's operations, because Paxos describes the scope nowhere. Every other description
// is Paxos's own.
//
// money.tsv holds the operations that move money or decide where money goes, with every field of their
// bodies (from the same OpenAPI document, see testdata/bodies.tsv) and what each field means. Which
// operations these are, and how they are judged, is the judgement of this project. An operation that is
// not in the table moves nothing.
//
// Four scopes belong to no operation: Paxos declares funding:read_bank_balance, tax:read_tax_lot and
// tax:write_tax_lot without using them, and exchange:read_aggregated_marketdata_stream opens a
// WebSocket. Paxos adds scopes without notice, so a scope that is not in the table is unknown, not
// wrong.
//
// Callers may change what the functions return: every answer is a copy.
package catalog
