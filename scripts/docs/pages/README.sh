# README starts its own Vault and its own stand-in Paxos in a clone of the repository. It says their default
# ports; in the run they have free ones.

cd "$docs_repository"
VAULT_DEV_LISTEN_ADDRESS=127.0.0.1:$(free_port)
export VAULT_DEV_LISTEN_ADDRESS
stands_for 127.0.0.1:8200 "$VAULT_DEV_LISTEN_ADDRESS"
stands_for 127.0.0.1:8300 "127.0.0.1:$(free_port)"
rm -f bin/sandbox.json
