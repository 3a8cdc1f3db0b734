package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
)

// initialise creates the keys of a new server and unseals it.
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

// join adds a new server to the cluster of the leader, and unseals it.
func (v *Vault) join(ctx context.Context, leader *Vault) error {
	client, err := v.Client("")
	if err != nil {
		return err
	}
	if _, err := client.Sys().RaftJoinWithContext(ctx,
		&api.RaftJoinRequest{LeaderAPIAddr: leader.Address}); err != nil {
		return fmt.Errorf("joining the cluster: %w", err)
	}
	v.unsealKey, v.RootToken = leader.unsealKey, leader.RootToken
	return v.Unseal(ctx)
}

// UnsealKey returns the key that unseals the server.
func (v *Vault) UnsealKey() string { return v.unsealKey }

// Unseal unseals the server and waits until it answers requests, in a cluster also as a standby.
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
		if health.Sealed || health.Standby && v.node == "" {
			return errors.New("vault does not serve yet")
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

// StepDown makes the active node of a cluster hand over to another one. For ten seconds it does not
// try to become active again.
func (v *Vault) StepDown(ctx context.Context) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	if err := client.Sys().StepDownWithContext(ctx); err != nil {
		return fmt.Errorf("stepping down: %w", err)
	}
	return nil
}
