package main

import (
	"math"
	"slices"
)

// median is the middle of the values.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile is what that share of the values lies below; between two of them it is in
// proportion.
func quantile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	whole, part := math.Modf(share * float64(len(sorted)-1))
	below := int(whole)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + part*(sorted[above]-sorted[below])
}

// interval is between which of the values the median of all possible ones lies, with
// 95 % confidence and whatever their distribution: how many lie below it is binomial,
// and about normal.
func interval(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	half, reach := float64(len(sorted))/2, 1.96*math.Sqrt(float64(len(sorted)))/2
	return sorted[max(0, int(math.Floor(half-reach)))], sorted[min(len(sorted)-1, int(math.Ceil(half+reach)))]
}
