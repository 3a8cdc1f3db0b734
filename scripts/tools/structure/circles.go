package main

import (
	"cmp"
	"maps"
	"slices"
)

// circles returns the circles of two files and more, the largest first. They are the strongly connected
// components of the graph, found by Tarjan's algorithm.
func (a arrows) circles() [][]string {
	var (
		found   [][]string
		stack   []string
		index   = map[string]int{}
		lowest  = map[string]int{}
		onStack = map[string]bool{}
		visit   func(file string)
	)
	visit = func(file string) {
		index[file] = len(index) + 1
		lowest[file] = index[file]
		stack, onStack[file] = append(stack, file), true
		for _, to := range slices.Sorted(maps.Keys(a[file])) {
			if index[to] == 0 {
				visit(to)
				lowest[file] = min(lowest[file], lowest[to])
			} else if onStack[to] {
				lowest[file] = min(lowest[file], index[to])
			}
		}
		if lowest[file] != index[file] {
			return
		}
		first := slices.Index(stack, file)
		circle := slices.Clone(stack[first:])
		stack = stack[:first]
		for _, member := range circle {
			onStack[member] = false
		}
		if len(circle) > 1 {
			slices.Sort(circle)
			found = append(found, circle)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(a)) {
		if index[file] == 0 {
			visit(file)
		}
	}
	slices.SortStableFunc(found, func(one, other []string) int { return cmp.Compare(len(other), len(one)) })
	return found
}
