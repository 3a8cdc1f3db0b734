package broker

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestThresholds draws lifetimes, settings and jitters. It checks that every token is refreshed before
// it expires, but not before three eighths of its life, and that no reader is told to come back in the
// past.
func TestThresholds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	minted := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	shares := []float64{0, 0.01, 0.5, 0.75, 0.95, 1, 2}
	for range 100_000 {
		life := time.Second + time.Duration(random.Int64N(int64(24*time.Hour-time.Second)+1))
		if random.IntN(2) == 0 { // short ones are where it gets narrow
			life = time.Second + time.Duration(random.Int64N(int64(5*time.Minute)))
		}
		tok := &token{Row: Row{MintedAt: minted, ExpiresAt: minted.Add(life)}, jitter: 2*random.Float64() - 1}
		if random.IntN(4) == 0 {
			tok.jitter = []float64{-1, 1}[random.IntN(2)]
		}
		req := Request{MinimumLife: time.Duration(random.Int64N(int64(48 * time.Hour))),
			RefreshAt: shares[random.IntN(len(shares))]}
		if random.IntN(2) == 0 {
			req.MinimumLife, req.RefreshAt = 5*time.Minute, random.Float64()
		}
		at := tok.refreshAt(req)
		if !at.After(minted) || !at.Before(tok.ExpiresAt) || at.Before(minted.Add(life*3/8)) {
			t.Fatalf("a life of %s (%+v, jitter %f) is refreshed after %s", life, req, tok.jitter, at.Sub(minted))
		}
		if earliest := req.RefreshAt * 1.05; life >= shortLife && earliest > 0.375 &&
			at.Sub(minted) > time.Duration(earliest*float64(life))+1 {
			t.Fatalf("a life of %s with a share of %f is refreshed after %s", life, req.RefreshAt, at.Sub(minted))
		}
		if atLeast := req.minimumLife(life); atLeast > life/2 || atLeast > req.MinimumLife ||
			life > 16*time.Minute && tok.ExpiresAt.Sub(at) < min(atLeast+refreshMargin, life*3/4) {
			t.Fatalf("a life of %s with %s accepted is refreshed %s before its end", life, atLeast,
				tok.ExpiresAt.Sub(at))
		}
		now := minted.Add(time.Duration(random.Int64N(int64(life))))
		tok.nextTry = now.Add(time.Duration(random.Int64N(int64(2*time.Minute))) - time.Minute)
		if next := tok.nextRead(at, now); !next.After(now) {
			t.Fatalf("told at %s to come back at %s", now, next)
		}
	}
}
