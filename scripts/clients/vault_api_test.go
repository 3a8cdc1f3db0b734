package clients

import (
	"context"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
)

// A vaultAPI is a client that uses hashicorp/vault/api.
type vaultAPI struct{ *api.Client }

// newVaultAPI returns a client of the server at the address.
func newVaultAPI(m *mount) client {
	c, err := api.NewClient(&api.Config{Address: m.server.Address, MaxRetries: 2,
		MinRetryWait: retryWait, MaxRetryWait: retryWait})
	if err != nil {
		m.Fatal(err)
	}
	c.ClearToken() // the environment of the test must have no effect
	c.ClearNamespace()
	return vaultAPI{c}
}

func (c vaultAPI) Login(ctx context.Context, roleID, secretID string) error {
	method, err := approle.NewAppRoleAuth(roleID, &approle.SecretID{FromString: secretID})
	if err != nil {
		return err
	}
	_, err = c.Auth().Login(ctx, method)
	return err
}

func (c vaultAPI) Read(ctx context.Context, path string) (answer, error) {
	secret, err := c.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return answer{}, err
	}
	return answer{secret.Data, secret.Warnings, secret.LeaseID, secret.LeaseDuration, secret.Renewable}, nil
}

func (c vaultAPI) Write(ctx context.Context, path string, data map[string]any) (answer, error) {
	secret, err := c.Logical().WriteWithContext(ctx, path, data)
	if err != nil {
		return answer{}, err
	}
	return answer{secret.Data, secret.Warnings, secret.LeaseID, secret.LeaseDuration, secret.Renewable}, nil
}

func (c vaultAPI) Renew(ctx context.Context, lease string, increment time.Duration) (time.Duration, error) {
	secret, err := c.Sys().RenewWithContext(ctx, lease, int(increment.Seconds()))
	if err != nil {
		return 0, err
	}
	return time.Duration(secret.LeaseDuration) * time.Second, nil
}

func (c vaultAPI) Revoke(ctx context.Context, lease string) error {
	return c.Sys().RevokeWithContext(ctx, lease)
}

func (c vaultAPI) Logout(ctx context.Context) error {
	return c.Auth().Token().RevokeSelfWithContext(ctx, "")
}
