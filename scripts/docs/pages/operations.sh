# A checkout, a plugin directory, and a client for sandbox beside the root client.
cp -r "$docs_repository"/{Makefile,go.mod,go.sum,backend,cmd,docs} .
stands_for /usr/local/lib/vault/plugins "$(dirname "$docs_plugin")"
start_paxos
dashboard create sandbox funding:read_profile >sandbox-secret.txt
SANDBOX_CLIENT_ID=$(dashboard id sandbox)
