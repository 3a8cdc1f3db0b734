. "$docs_repository/scripts/docs/pages/runbooks.sh"
as custodian
scopes="funding:read_profile orchestration:read_orchestration orchestration:write_orchestration"
