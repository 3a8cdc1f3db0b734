package sample

func up(int) {
	type a struct{ third int }
	_ = a{third: 1}
	down()
}
