package stack

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// configuration is the configuration of a server. Its parameters are the storage, the two ports, the
// plugin directory, the log level, and what only this product needs.
const configuration = `%[1]slistener "tcp" {
  address         = "127.0.0.1:%[2]d"
  cluster_address = "127.0.0.1:%[3]d"
  tls_disable     = true
}
api_addr         = "http://127.0.0.1:%[2]d"
cluster_addr     = "https://127.0.0.1:%[3]d"
plugin_directory = %[4]q
disable_mlock    = true
log_level        = %[5]q
log_format       = "json"
%[6]s`

// The part of the configuration that says where a server keeps its data. A node of a cluster has the
// timing that Vault recommends for production.
const (
	memoryStorage = "storage \"inmem\" {}\n"
	fileStorage   = `storage "file" {
  path = %[1]q
}
`
	raftStorage = `storage "raft" {
  path                   = %[1]q
  node_id                = %[2]q
  performance_multiplier = 1
}
`
)

// configure writes the configuration, with ports that are free now. A node of a cluster keeps the ports
// with which it joined, because the other nodes know it by them.
func (v *Vault) configure() error {
	if v.node == "" || v.unsealKey == "" {
		ports, err := freePorts(2)
		if err != nil {
			return err
		}
		v.port, v.clusterPort = ports[0], ports[1]
		v.Address = fmt.Sprintf("http://127.0.0.1:%d", v.port)
	}
	storage, err := v.storage()
	if err != nil {
		return err
	}
	filled := fmt.Sprintf(configuration, storage, v.port, v.clusterPort, v.plugins, v.logLevel,
		v.Product.configuration())
	return os.WriteFile(filepath.Join(v.directory, "vault.hcl"), []byte(filled), 0o600)
}

// storage returns the part of the configuration that says where the server keeps its data.
func (v *Vault) storage() (string, error) {
	path := filepath.Join(v.directory, "storage")
	switch {
	case v.inMemory:
		return memoryStorage, nil
	case v.node == "":
		return fmt.Sprintf(fileStorage, path), nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil { // Vault creates the directory for file storage, but not this one
		return "", fmt.Errorf("making a directory: %w", err)
	}
	return fmt.Sprintf(raftStorage, path, v.node), nil
}

// freePorts returns different ports that are free now.
func freePorts(count int) ([]int, error) {
	ports := make([]int, count)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer func() { _ = listener.Close() }() // open until all are found, so that they differ
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
