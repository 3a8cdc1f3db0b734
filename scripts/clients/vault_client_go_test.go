package clients

import (
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/vault-client-go"
	"github.com/hashicorp/vault-client-go/schema"
)

// A vaultClientGo is a client that uses hashicorp/vault-client-go.
type vaultClientGo struct{ *vault.Client }

// newVaultClientGo returns a client of the server at the address.
func newVaultClientGo(m *mount) client {
	c, err := vault.New(vault.WithAddress(m.server.Address), vault.WithRetryConfiguration(
		vault.RetryConfiguration{RetryWaitMin: retryWait, RetryWaitMax: retryWait, RetryMax: 2}))
	if err != nil {
		m.Fatal(err)
	}
	return vaultClientGo{c}
}

func (c vaultClientGo) Login(ctx context.Context, roleID, secretID string) error {
	said, err := c.Auth.AppRoleLogin(ctx, schema.AppRoleLoginRequest{RoleId: roleID, SecretId: secretID})
	if err != nil {
		return err
	}
	return c.SetToken(said.Auth.ClientToken)
}

func (c vaultClientGo) Read(ctx context.Context, path string) (answer, error) {
	said, err := c.Client.Read(ctx, path)
	if err != nil {
		return answer{}, err
	}
	return answer{said.Data, said.Warnings, said.LeaseID, said.LeaseDuration, said.Renewable}, nil
}

func (c vaultClientGo) Write(ctx context.Context, path string, data map[string]any) (answer, error) {
	said, err := c.Client.Write(ctx, path, data)
	if err != nil {
		return answer{}, err
	}
	return answer{said.Data, said.Warnings, said.LeaseID, said.LeaseDuration, said.Renewable}, nil
}

func (c vaultClientGo) Renew(ctx context.Context, lease string, increment time.Duration) (time.Duration, error) {
	said, err := c.System.LeasesRenewLease(ctx, schema.LeasesRenewLeaseRequest{LeaseId: lease,
		Increment: strconv.Itoa(int(increment.Seconds()))})
	if err != nil {
		return 0, err
	}
	return time.Duration(said.LeaseDuration) * time.Second, nil
}

func (c vaultClientGo) Revoke(ctx context.Context, lease string) error {
	_, err := c.System.LeasesRevokeLease(ctx, schema.LeasesRevokeLeaseRequest{LeaseId: lease})
	return err
}

func (c vaultClientGo) Logout(ctx context.Context) error {
	_, err := c.Auth.TokenRevokeSelf(ctx)
	return err
}
