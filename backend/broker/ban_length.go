package broker

import "time"

// BanFor is how long a ban lasts that begins with this answer of Paxos, 0 if none does.
func BanFor(err error) time.Duration {
	length, _ := banOf(err)
	return length
}
