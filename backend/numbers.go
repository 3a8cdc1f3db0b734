package backend

import "sync"

// numbers remembers the highest generation number that this process has seen of each Client ID.
// Tokens in the ledger and remembered refusals name a generation by its number, so an entry that is
// deleted and made again must not begin with a number that they still use. Refusals are in the
// memory of this process only, and so is this.
type numbers struct {
	mu      sync.Mutex
	highest map[string]int
}

// seen notes that a Client ID has had a generation of that number.
func (n *numbers) seen(clientID string, number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.highest == nil {
		n.highest = map[string]int{}
	}
	n.highest[clientID] = max(n.highest[clientID], number)
}
