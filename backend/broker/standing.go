package broker

import (
	"slices"
	"time"
)

// questionPause is how long Paxos's answer about a token counts. The token is not asked about again
// before that.
const questionPause = time.Minute

// standing is what is known of a token's validity at Paxos, beyond its expiry. It is kept in memory
// only. The broker's lock guards it.
type standing struct {
	askedAt  time.Time // when Paxos last said whether it accepts it
	rejected bool      // it does not
	suspect  bool      // its client was refused, and another of the client's tokens rejected: ask when it is read
	untested bool      // it took a rejected one's place, and Paxos has not accepted it yet
	doubt    *Doubt    // what its readers are told; nil for nothing

	settling bool      // a question or a replacement is under way in the background
	settleAt time.Time // none begins before this
}

// A Doubt is why a token may be one that Paxos rejects.
type Doubt struct {
	Reason DoubtReason
	Cause  error     // why Paxos could not be asked, or why there is no other token
	Asked  time.Time // when Paxos accepted the token
	Until  time.Time // when it is asked again at the earliest
}

// A DoubtReason says what a Doubt is about.
type DoubtReason int

// The reasons.
const (
	Accepted   DoubtReason = iota // the reader says that Paxos rejects the token, and Paxos says that it accepts it
	Unanswered                    // likewise, and Paxos could not be asked
	Unreplaced                    // Paxos rejects the token, and no other could be requested
	Muted                         // Paxos rejected a token that was just requested too, so the question tells nothing
)

// accept notes that Paxos accepts the token.
func (s *standing) accept(now time.Time) {
	s.askedAt, s.rejected, s.suspect, s.untested, s.doubt = now, false, false, false, nil
}

// reject notes that Paxos rejects the token, and why no other is there yet, if that is known.
func (s *standing) reject(now time.Time, cause error) {
	s.askedAt, s.rejected, s.suspect, s.doubt = now, true, false, &Doubt{Reason: Unreplaced, Cause: cause}
}

// answeredLately reports whether Paxos has answered for the token within the last minute.
func (s *standing) answeredLately(now time.Time) bool {
	age := now.Sub(s.askedAt)
	return !s.askedAt.IsZero() && age >= 0 && age < questionPause
}

// latest is the last of some times, soonest the first.
func latest(times ...time.Time) time.Time  { return slices.MaxFunc(times, time.Time.Compare) }
func soonest(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }
