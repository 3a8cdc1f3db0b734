. "$docs_repository/scripts/docs/pages/api.sh"
. "$docs_repository/scripts/docs/pages/api/vendor.sh"
