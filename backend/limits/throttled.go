package limits

import (
	"fmt"
	"time"
)

// A Throttled error refuses a call before Paxos is asked. Its text is made of sentences, because
// Vault's caller reads it: what happened, when to try again, and what else there is to do.
type Throttled struct {
	Reason     string        // a sentence without its full stop
	RetryAfter time.Duration // the time to wait from now on
	Advice     string        // sentences, in which %s is the time to wait; empty for "Retry in %s."
	Cause      error         // what Paxos answered; nil where Paxos was not asked
	Banned     bool          // by Paxos, and not by our own budget
}

// Error says why, and after what time to try again, in whole seconds that are rounded up.
func (t *Throttled) Error() string {
	advice := t.Advice
	if advice == "" {
		advice = "Retry in %s."
	}
	return t.Reason + ". " + fmt.Sprintf(advice, t.RetryAfter.Round(time.Second)+time.Second)
}

// Unwrap returns what Paxos answered, if it was asked.
func (t *Throttled) Unwrap() error { return t.Cause }
