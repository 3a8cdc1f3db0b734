package sample

type b struct{ third func() }

func newB() b { return b{third: third} }
