package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/vault/api"
)

// startDeadline bounds the start of a server, slow machines included.
const startDeadline = 60 * time.Second

// A Vault is a real Vault server, not a -dev one, with its storage on disk.
type Vault struct {
	*Process
	Address   string // its API, as http://127.0.0.1:port
	RootToken string

	binary, directory, plugins, logLevel string
	unsealKey                            string
}

// startVault starts a new server of the binary in the directory, initialises and
// unseals it. No audit log may be written where it takes its plugins from.
func startVault(ctx context.Context, binary, directory, plugins, logLevel string) (*Vault, error) {
	v := &Vault{binary: binary, directory: directory, plugins: plugins, logLevel: logLevel}
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

// start runs the server and waits until it answers. Another program may take the
// port that was free a moment ago: then another one is tried.
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

// launch runs the server on a free port and waits until it answers.
func (v *Vault) launch(ctx context.Context) error {
	if err := v.configure(); err != nil {
		return err
	}
	log, err := create(v.LogPath())
	if err != nil {
		return err
	}
	defer log.Close() // the process has a copy of its own
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

// environment is what the server and the Vault commands run in. Their HOME is ours to
// throw away: no token of the user's is read or replaced.
func (v *Vault) environment(additions ...string) []string {
	return environment(append([]string{"HOME=" + v.directory}, additions...)...)
}

// configuration is the server's, with its directory, port and log level.
const configuration = `storage "file" {
  path = %[1]q
}
listener "tcp" {
  address         = "127.0.0.1:%[3]d"
  cluster_address = "127.0.0.1:0"
  tls_disable     = true
}
api_addr         = "http://127.0.0.1:%[3]d"
cluster_addr     = "http://127.0.0.1:0"
plugin_directory = %[2]q
disable_mlock    = true
log_level        = %[4]q
log_format       = "json"
`

// configure writes the configuration for a port that is free at the moment.
func (v *Vault) configure() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("finding a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return fmt.Errorf("finding a free port: %w", err)
	}
	v.Address = fmt.Sprintf("http://127.0.0.1:%d", port)
	text := fmt.Sprintf(configuration, filepath.Join(v.directory, "storage"), v.plugins, port, v.logLevel)
	return os.WriteFile(filepath.Join(v.directory, "vault.hcl"), []byte(text), 0o600)
}

// Client returns a client of the server with the token.
func (v *Vault) Client(token string) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{Address: v.Address, MaxRetries: 2, MinRetryWait: 100 * time.Millisecond, MaxRetryWait: time.Second, Timeout: 60 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("making a client of Vault: %w", err)
	}
	client.ClearNamespace() // the user's environment is not ours
	client.SetToken(token)
	return client, nil
}
