package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
)

// initialise makes the new server's keys and unseals it.
func (v *Vault) initialise(ctx context.Context) error {
	client, err := v.Client("")
	if err != nil {
		return err
	}
	made, err := client.Sys().InitWithContext(ctx, &api.InitRequest{SecretShares: 1, SecretThreshold: 1})
	if err != nil {
		return fmt.Errorf("initialising vault: %w", err)
	}
	v.unsealKey, v.RootToken = made.Keys[0], made.RootToken
	return v.Unseal(ctx)
}

// Unseal unseals the server and waits until it is active.
func (v *Vault) Unseal(ctx context.Context) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	if _, err := client.Sys().UnsealWithContext(ctx, v.unsealKey); err != nil {
		return fmt.Errorf("unsealing vault: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return Await(ctx, briefly, func() error {
		health, err := client.Sys().HealthWithContext(ctx)
		if err != nil {
			return fmt.Errorf("asking vault how it is: %w", err)
		}
		if health.Sealed || health.Standby {
			return errors.New("vault is not active yet")
		}
		return nil
	})
}

// Seal seals the server.
func (v *Vault) Seal(ctx context.Context) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	if err := client.Sys().SealWithContext(ctx); err != nil {
		return fmt.Errorf("sealing vault: %w", err)
	}
	return nil
}
