. "$docs_repository/scripts/docs/pages/runbooks.sh"
as operator
