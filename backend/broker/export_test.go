package broker

// Refreshing reports whether a refresh is under way in the background.
func (b *Broker) Refreshing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if t.refreshing {
			return true
		}
	}
	return false
}
