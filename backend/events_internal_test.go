package backend

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
)

// In a bubble a goroutine that does not end fails the test.
func TestTheGoroutineOfEventsEndsWithTheQueue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer error
		hangs  bool
		sent   int
		lost   int
	}{
		"Vault takes them":             {sent: 3},
		"Vault fails":                  {answer: errors.New("no"), sent: 3, lost: 3},
		"Vault hangs":                  {hangs: true, sent: 3, lost: 3},
		"Vault has no events at all":   {answer: framework.ErrNoEvents, sent: 1},
		"and says so in so many words": {answer: errors.Join(framework.ErrNoEvents), sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent, lost := 0, 0
				queue := events{logger: hclog.NewNullLogger(), lost: func() {
					lost++
				}, send: func(ctx context.Context, _ event) error {
					sent++
					if test.hangs {
						<-ctx.Done()
						return ctx.Err()
					}
					return test.answer
				}}
				for range 3 {
					queue.add(event{kind: "test"})
				}
				<-time.After(time.Minute) // of the bubble's own time
				synctest.Wait()
				if sent != test.sent || lost != test.lost || queue.draining {
					t.Errorf("%d sent, %d lost, draining %v; want %d and %d, at an end", sent, lost, queue.draining,
						test.sent, test.lost)
				}
			})
		})
	}
}
