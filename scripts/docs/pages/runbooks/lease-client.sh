. "$docs_repository/scripts/docs/pages/runbooks.sh"
vault policy write vendor - <<'END'
path "paxos/creds/vendor" { capabilities = ["read"] }
END
vault policy write custodian-and-operator - < <(cat "$docs_repository"/docs/examples/policies/{custodian,operator}.hcl)
as custodian-and-operator
