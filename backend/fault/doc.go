// Package fault has the errors that a caller or an operator must mend. They carry the HTTP status that
// Vault answers with. The text is a whole sentence for the person who reads it.
package fault
