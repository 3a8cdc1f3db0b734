# A configured mount, and a client for a vendor that a person brings from the Dashboard.
start_paxos
configure_paxos
dashboard create vault-vendor-1 funding:read_profile >vendor-secret.txt
vendor_client_id=$(dashboard id vault-vendor-1)
