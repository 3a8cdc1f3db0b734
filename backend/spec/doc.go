// Package spec describes paths, their parameters and their answers to Vault, which makes help and
// OpenAPI of it, and formats the values in answers.
package spec
