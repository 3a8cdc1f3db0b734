package backend

import "sync"

// numbers remembers the highest generation number that this process has seen of each Client ID.
// Tokens in the ledger and remembered refusals of Paxos name a generation by its number. If an
// entry that was deleted and stored again began with a number that is still in use, old tokens and
// refusals would be taken for those of the new secret. Refusals are kept in the memory of this
// process only, so it is enough to keep the numbers there too.
type numbers struct {
	mu      sync.Mutex
	highest map[string]int // by Client ID; guarded by mu
}

// seen records that a Client ID has had a generation with this number.
func (n *numbers) seen(clientID string, number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.highest == nil {
		n.highest = map[string]int{}
	}
	n.highest[clientID] = max(n.highest[clientID], number)
}
