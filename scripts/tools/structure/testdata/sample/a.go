package sample

type a struct{ next *b }

func useHub(h *hub) { h.start() }
