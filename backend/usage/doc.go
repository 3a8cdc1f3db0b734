// Package usage remembers when roles and clients last issued something.
package usage
