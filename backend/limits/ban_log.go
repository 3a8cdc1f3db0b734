package limits

import "context"

// KeepBan records the ban that Paxos has begun on a route, so that the next process does not run into
// it again. The ban is in force whether it can be recorded or not.
func (m *Mount) KeepBan(ctx context.Context, route string, cause error) {
	ban := m.limits.Throttle(route).Ban(route)
	known := []any{"error", cause}
	if !ban.TokenUntil.IsZero() {
		known = append(known, "tokens_from", ban.TokenUntil)
	}
	if !ban.CallUntil.IsZero() {
		known = append(known, "calls_from", ban.CallUntil)
	}
	m.Logger.Error("Paxos rate-limits this address: no request is sent until the ban ends", known...)
	m.putBan(ctx, ban)
}

// putBan records a ban if it can.
func (m *Mount) putBan(ctx context.Context, ban Ban) {
	if err := m.Records.PutBan(ctx, ban); err != nil {
		m.Logger.Warn("a ban could not be stored; after a restart one request is sent before it is known again", "error", err)
	}
}

// RestoreBans brings back the bans that an earlier process knew.
func (m *Mount) RestoreBans(ctx context.Context) error {
	bans, err := m.bans(ctx)
	for _, ban := range bans {
		if ban.Unreadable {
			m.Logger.Error("the record of a ban cannot be read: if the ban is not over, Paxos's next answer says so", "way",
				ban.Route)
			continue
		}
		m.limits.Throttle(ban.Route).restore(m.Now(), ban)
	}
	return err
}

// ForgetBans deletes the records of bans that are over.
func (m *Mount) ForgetBans(ctx context.Context) error {
	bans, err := m.bans(ctx)
	for _, ban := range bans {
		if !ban.over(m.Now()) {
			continue
		}
		if err := m.Records.DeleteBan(ctx, ban.Route); err != nil {
			return err
		}
	}
	return err
}

// bans returns the bans on record. One that would last longer than any ban is cut on record too, or
// every restart would begin it again.
func (m *Mount) bans(ctx context.Context) ([]Ban, error) {
	bans, err := m.Records.Bans(ctx)
	for i, ban := range bans {
		if bans[i] = ban.cut(m.Now()); bans[i] != ban {
			m.putBan(ctx, bans[i])
		}
	}
	return bans, err
}
