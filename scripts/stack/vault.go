package stack

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/vault/api"
)

// startDeadline is how long a server may take to start. It allows for slow machines.
const startDeadline = 60 * time.Second

// A Vault is a server of Vault or OpenBao that is not in -dev mode. Its storage is on disk unless it is inMemory.
type Vault struct {
	*Process
	Product   Product // which server this is
	Address   string  // of its API, such as http://127.0.0.1:8200
	RootToken string

	binary, directory, plugins, logLevel string

	inMemory          bool   // keep the storage in memory
	node              string // its name in a cluster; empty if it is not in one
	port, clusterPort int    // the ports for clients and for the other nodes
	unsealKey         string
}

// startVault starts a new server, initialises it and unseals it.
func startVault(ctx context.Context, v *Vault) (*Vault, error) {
	var err error
	if v.Product, err = productOf(ctx, v.binary); err != nil {
		return nil, err
	}
	if err := v.start(ctx); err != nil {
		return nil, err
	}
	if err := v.initialise(ctx); err != nil {
		v.Kill()
		return nil, err
	}
	return v, nil
}

// Restart starts the server again after it was stopped or killed, and unseals it.
func (v *Vault) Restart(ctx context.Context) error {
	if err := v.start(ctx); err != nil {
		return err
	}
	return v.Unseal(ctx)
}

// start runs the server and waits until it answers. It tries again if that fails, because another
// program may have taken one of the free ports.
func (v *Vault) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	var err error
	for range 3 {
		if err = v.launch(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// launch runs the server as configured and waits until it answers.
func (v *Vault) launch(ctx context.Context) error {
	if err := v.configure(); err != nil {
		return err
	}
	log, err := create(v.LogPath())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own copy of the file descriptor
	command := exec.Command(v.binary, "server", "-config="+filepath.Join(v.directory, "vault.hcl"))
	command.Dir, command.Env, command.Stdout, command.Stderr = v.directory, v.environment(), log, log
	if v.Process, err = launch(command); err != nil {
		return err
	}
	client, err := v.Client("")
	if err != nil {
		return err
	}
	client.SetMaxRetries(0)
	answers, cancel := context.WithCancel(ctx)
	defer cancel()
	err = Await(answers, briefly, func() error {
		select {
		case <-v.Ended():
			cancel()
			return errors.New("vault server ended as soon as it was started")
		default:
		}
		_, err := client.Sys().SealStatusWithContext(ctx)
		return err
	})
	if err != nil {
		v.Kill()
		return fmt.Errorf("starting vault: %w; the end of its log:\n%s", err, tail(v.LogText(), 2000))
	}
	return nil
}

// environment returns the environment of the server and of Vault commands. Their HOME is the temporary
// directory, so that no token of the user is read or replaced.
func (v *Vault) environment(additions ...string) []string {
	return environment(append([]string{"HOME=" + v.directory}, additions...)...)
}

// Client returns a client of the server with the token.
func (v *Vault) Client(token string) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{Address: v.Address, MaxRetries: 2,
		MinRetryWait: 100 * time.Millisecond, MaxRetryWait: time.Second, Timeout: 60 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("making a client of Vault: %w", err)
	}
	client.ClearNamespace() // the user's environment must have no effect
	client.SetToken(token)
	return client, nil
}
