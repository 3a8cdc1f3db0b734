// Package sample is what the tests measure. hub.go has the central struct. The files a.go, b.go and
// c.go form a circle, d.go and e.go another one, and leaf.go knows no other file.
package sample

type hub struct{ one a }

func (h *hub) start() { h.one.next = nil }
