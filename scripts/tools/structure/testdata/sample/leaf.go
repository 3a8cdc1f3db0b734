package sample

const leafCount = 3

func leaf() {}
