package sample

func third() {
	leaf := a{}
	leaf.next.third()
	for leafCount := range leafCount {
		_ = leafCount
	}
}
