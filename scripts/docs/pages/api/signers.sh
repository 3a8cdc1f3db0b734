. "$docs_repository/scripts/docs/pages/api.sh"
# Profile and address are examples: nothing is sent to Paxos.
vault write -f paxos/keys/payments
PROFILE_ID=42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91
ADDRESS=0x1db3439a222c519ab44bb1144fc28167b4fa6ee6
