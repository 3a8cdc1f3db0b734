// Package answer compares what a page shows as the answer of a command with what the command printed.
// Values that differ from run to run, such as ids, tokens and times, may differ. All other words must be
// the same. White space and line breaks do not count, so that a page can wrap long lines.
package answer
