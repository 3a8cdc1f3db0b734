// Package spending remembers which payments were signed, so that the daily limits of signers and of
// a mount are never exceeded, and so that a signature leaves only where its payment is stored. It
// knows no Vault.
//
// # What counts
//
// A payment is one request, byte for byte: [Payment.Key] is the hash of all of it. It counts once,
// however often it is signed, for [Window] after it was last signed. It counts for its signer and
// for the mount.
//
// # Why a limit is never exceeded
//
// One lock guards everything in memory and is never held while storage works. Under it, a payment is
// compared with the limits and added to the sums in one step, so two callers cannot both take what
// is left for one. Only then is the payment written, and only after a successful write may it be
// signed. So the sums in memory are never less than what was signed:
//
//   - A payment whose write is under way is in the sums already.
//   - A payment whose write has failed stays in the sums, because storage may have it. Before the
//     ledger is used again, its page is read. Only this takes it out of the sums, and it was not
//     signed.
//   - A payment that storage was known to have is never taken out before its time.
//
// After a restart, all pages are read before the first answer. A signed payment is on one of them,
// because nothing overwrites it:
//
//   - A page is written only by the [Ledger] that made it, between two calls of [Ledger.Reset]. Of
//     what was there before, it only reads and deletes. So the write of a node that has just lost
//     its place cannot replace what the next node wrote.
//   - A page is not written any more after one of its writes has failed. A write that takes effect
//     after its error was reported cannot replace a later one.
//
// A payment that is signed again after that goes to another page, and the latest time counts. A page
// that no payment needs any more is deleted.
//
// # Why many callers at once are fast
//
// Each page has one write under way at most. The payments that arrive meanwhile share its next
// write. A caller who is alone makes exactly one write, and callers who come together make fewer.
package spending
