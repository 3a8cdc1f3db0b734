package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
)

// A pair is the same path of both plugins.
type pair struct {
	name          string
	ours, nothing side
}

// A result is what each round of a pair gave: a ratio, and on either side reads a
// second.
type result struct{ ratios, ours, nothing []float64 }

// measure has both sides take turns. A round is ours, nothing, nothing, ours, or the
// other way about, as chance has it: what changes steadily cancels out.
func (p pair) measure(ctx context.Context, o options) (result, error) {
	var r result
	for _, s := range []side{p.ours, p.nothing} {
		if err := s.check(ctx); err != nil {
			return r, err
		}
		if _, err := s.turn(ctx, o); err != nil { // to warm up
			return r, err
		}
	}
	for range o.rounds {
		order := [4]side{p.ours, p.nothing, p.nothing, p.ours}
		if rand.IntN(2) == 0 {
			order = [4]side{p.nothing, p.ours, p.ours, p.nothing}
		}
		rates := map[string]float64{}
		for _, s := range order {
			rate, err := s.turn(ctx, o)
			if err != nil {
				return r, err
			}
			rates[s.path] += rate / 2
		}
		ours, nothing := rates[p.ours.path], rates[p.nothing.path]
		r.ours, r.nothing, r.ratios = append(r.ours, ours), append(r.nothing, nothing), append(r.ratios, ours/nothing)
	}
	return r, nil
}

// printHead prints the head of the table.
func printHead(out io.Writer) {
	fmt.Fprintf(out, "%-8s %8s  %-15s  %-15s  %8s %10s\n", "path", "ratio", "95% confidence", "middle half",
		"reads/s", "nothing's")
}

// print prints a line of the table: the median of the rounds' ratios, where it lies
// with confidence, and where the middle half of the rounds lies.
func (r result) print(out io.Writer, name string) {
	low, high := interval(r.ratios)
	fmt.Fprintf(out, "%-8s %8.3f  %.3f to %.3f  %.3f to %.3f  %8.0f %10.0f\n", name, median(r.ratios), low, high,
		quantile(r.ratios, 0.25), quantile(r.ratios, 0.75), median(r.ours), median(r.nothing))
}
