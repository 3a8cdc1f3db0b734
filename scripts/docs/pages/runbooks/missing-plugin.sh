. "$docs_repository/scripts/docs/pages/runbooks.sh"
stands_for /etc/vault/plugins "$(dirname "$docs_plugin")"
as installer
