package main

import (
	"maps"
	"slices"
)

// contains reports whether the names have this one.
func contains(names []string, name string) bool { return slices.Contains(names, name) }

// keys are the keys of a map in alphabetical order.
func keys[V any](all map[string]V) []string { return slices.Sorted(maps.Keys(all)) }
