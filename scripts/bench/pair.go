package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
)

// A pair is a path of the engine and the same path of the baseline.
type pair struct {
	name           string
	ours, baseline side
}

// A result has the figures of each round of a pair: answers per second on both sides, and their ratio.
type result struct{ ratios, ours, baseline []float64 }

// measure lets both sides take turns. A round is ours, baseline, baseline, ours, or the reverse, at
// random, so that a steady change of the machine affects both sides equally.
func (p pair) measure(ctx context.Context, o options) (result, error) {
	var r result
	for _, s := range []side{p.ours, p.baseline} {
		if err := s.check(ctx); err != nil {
			return r, err
		}
		if _, err := s.turn(ctx, o); err != nil { // to warm up
			return r, err
		}
	}
	for range o.rounds {
		order := [4]side{p.ours, p.baseline, p.baseline, p.ours}
		if rand.IntN(2) == 0 {
			order = [4]side{p.baseline, p.ours, p.ours, p.baseline}
		}
		rates := map[string]float64{}
		for _, s := range order {
			rate, err := s.turn(ctx, o)
			if err != nil {
				return r, err
			}
			rates[s.path] += rate / 2
		}
		ours, other := rates[p.ours.path], rates[p.baseline.path]
		r.ours, r.baseline, r.ratios = append(r.ours, ours), append(r.baseline, other), append(r.ratios, ours/other)
	}
	return r, nil
}

// printHead prints the head of the table.
func printHead(out io.Writer) {
	fmt.Fprintf(out, "%-12s %8s  %-15s  %-15s  %8s %10s\n", "path", "ratio", "95% confidence", "middle half",
		"per s", "baseline's")
}

// print prints a line of the table: the median of the ratios of all rounds, its confidence
// interval, and the interval of the middle half of the rounds.
func (r result) print(out io.Writer, name string) {
	low, high := interval(r.ratios)
	fmt.Fprintf(out, "%-12s %8.3f  %.3f to %.3f  %.3f to %.3f  %8.0f %10.0f\n", name, median(r.ratios), low, high,
		quantile(r.ratios, 0.25), quantile(r.ratios, 0.75), median(r.ours), median(r.baseline))
}
