// Package page reads a page of the documentation: which of its blocks are run, which are answers, and
// whether they are as a page must have them. CONTRIBUTING.md has the rules.
package page
