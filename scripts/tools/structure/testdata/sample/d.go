package sample

func down() { up(leafCount) }
