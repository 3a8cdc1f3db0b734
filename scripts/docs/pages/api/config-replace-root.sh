. "$docs_repository/scripts/docs/pages/api.sh"
dashboard create replacement transfer:read_transfer funding:read_profile >new-secret.txt
NEW_CLIENT_ID=$(dashboard id replacement)
