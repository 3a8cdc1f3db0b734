package main

import (
	"math"
	"slices"
)

// median returns the median of the values.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value below which this share of the values lies, interpolated between the two
// nearest ones.
func quantile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	whole, part := math.Modf(share * float64(len(sorted)-1))
	below := int(whole)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + part*(sorted[above]-sorted[below])
}

// interval returns two of the values between which the true median lies, with 95 % confidence and for
// any distribution. It uses that the number of values below the true median has a binomial
// distribution, which is approximately normal.
func interval(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	half, reach := float64(len(sorted))/2, 1.96*math.Sqrt(float64(len(sorted)))/2
	return sorted[max(0, int(math.Floor(half-reach)))], sorted[min(len(sorted)-1, int(math.Ceil(half+reach)))]
}
