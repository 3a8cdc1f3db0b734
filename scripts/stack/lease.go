package stack

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/vault/api"
)

// IrrevocableLeases returns how many leases of the whole server Vault has stopped trying to revoke. The
// client needs a root token.
func IrrevocableLeases(ctx context.Context, client *api.Client) (int64, error) {
	answer, err := client.Logical().ReadWithDataWithContext(ctx, "sys/leases/count",
		map[string][]string{"type": {"irrevocable"}})
	if err != nil {
		return 0, fmt.Errorf("counting irrevocable leases: %w", err)
	}
	count, ok := answer.Data["lease_count"].(json.Number)
	if !ok {
		return 0, fmt.Errorf("counting irrevocable leases: the answer has no lease_count: %v", answer.Data)
	}
	return count.Int64()
}
