# The clients and secrets that a person brings from the Dashboard, and the checksum of the binary.
start_paxos -scopes="funding:read_profile transfer:read_transfer"
client_id=$PAXOS_CLIENT_ID
dashboard create payments-root funding:read_profile transfer:write_crypto_withdrawal >other-secret.txt
other_client_id=$(dashboard id payments-root)
dashboard create payouts funding:read_profile transfer:write_crypto_withdrawal >payouts-secret.txt
payouts_client_id=$(dashboard id payouts)
sha256=$(sha256sum "$docs_plugin" | cut -d' ' -f1)
