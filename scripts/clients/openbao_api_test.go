package clients

import (
	"context"
	"time"

	"github.com/openbao/openbao/api/v2"
)

// An openBaoAPI is a client that uses openbao/api. Its methods repeat those of vaultAPI, because the types of
// the two modules have nothing in common. Its package for AppRole is not used, because it is another module;
// a login is one write.
type openBaoAPI struct{ *api.Client }

// newOpenBaoAPI returns a client of the server at the address.
func newOpenBaoAPI(m *mount) client {
	c, err := api.NewClient(&api.Config{Address: m.server.Address, MaxRetries: 2,
		MinRetryWait: retryWait, MaxRetryWait: retryWait})
	if err != nil {
		m.Fatal(err)
	}
	c.ClearToken() // the environment of the test must have no effect
	c.ClearNamespace()
	return openBaoAPI{c}
}

func (c openBaoAPI) Login(ctx context.Context, roleID, secretID string) error {
	secret, err := c.Logical().WriteWithContext(ctx, "auth/approle/login",
		map[string]any{"role_id": roleID, "secret_id": secretID})
	if err != nil {
		return err
	}
	token, err := secret.TokenID()
	c.SetToken(token)
	return err
}

func (c openBaoAPI) Read(ctx context.Context, path string) (answer, error) {
	secret, err := c.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return answer{}, err
	}
	return answer{secret.Data, secret.Warnings, secret.LeaseID, secret.LeaseDuration, secret.Renewable}, nil
}

func (c openBaoAPI) Write(ctx context.Context, path string, data map[string]any) (answer, error) {
	secret, err := c.Logical().WriteWithContext(ctx, path, data)
	if err != nil {
		return answer{}, err
	}
	return answer{secret.Data, secret.Warnings, secret.LeaseID, secret.LeaseDuration, secret.Renewable}, nil
}

func (c openBaoAPI) Renew(ctx context.Context, lease string, increment time.Duration) (time.Duration, error) {
	secret, err := c.Sys().RenewWithContext(ctx, lease, int(increment.Seconds()))
	if err != nil {
		return 0, err
	}
	return time.Duration(secret.LeaseDuration) * time.Second, nil
}

func (c openBaoAPI) Revoke(ctx context.Context, lease string) error {
	return c.Sys().RevokeWithContext(ctx, lease)
}

func (c openBaoAPI) Logout(ctx context.Context) error {
	return c.Auth().Token().RevokeSelfWithContext(ctx, "")
}
