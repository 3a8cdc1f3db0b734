package main

import (
	"math/rand/v2"
	"testing"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	values := []float64{4, 1, 3, 2}
	for share, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 2.5, 1: 4} {
		if got := quantile(values, share); got != want {
			t.Errorf("quantile %v is %v, want %v", share, got, want)
		}
	}
	if got := median([]float64{7}); got != 7 {
		t.Errorf("the median of one value is %v", got)
	}
	if values[0] != 4 {
		t.Error("the values were sorted in place")
	}
}

// TestIntervalHoldsTheMedian checks the interval on random samples with a known median.
func TestIntervalHoldsTheMedian(t *testing.T) {
	t.Parallel()
	const samples, size = 2000, 60
	chance := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range samples {
		values := make([]float64, size)
		for i := range values {
			values[i] = chance.Float64() * chance.Float64() // skewed; its median is 0.1867
		}
		if low, high := interval(values); low <= 0.1867 && 0.1867 <= high {
			held++
		}
	}
	if share := float64(held) / samples; share < 0.94 || share > 0.98 {
		t.Errorf("%.3f of the intervals hold the median, want about 0.95", share)
	}
	if low, high := interval([]float64{3}); low != 3 || high != 3 {
		t.Errorf("the interval of one value is %v to %v", low, high)
	}
}
