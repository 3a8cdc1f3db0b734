package backend

import (
	"context"
	"fmt"
	"strings"
)

// unreadableWarnings names the tokens that nothing here can end, because their records
// cannot be read. Whose they are is not known, so that they may be of any role.
func (b *backend) unreadableWarnings(ctx context.Context) []string {
	fingerprints, err := b.broker.Unreadable(ctx)
	if err != nil || len(fingerprints) == 0 {
		return nil
	}
	return []string{fmt.Sprintf(
		"The records of %d tokens cannot be read, so that they were not revoked; they may be of any role, and "+
			"expire by themselves: token_id %s.",
		len(fingerprints), strings.Join(fingerprints, ", "))}
}
