# A clone of the repository, as it is now, for this machine only, and a folder for keys. A person types the password.
. "$docs_repository/scripts/docs/pages/release-lib.sh"
snapshot clone
cd clone || return
stands_for /clone "$PWD"
stands_for linux/amd64 "$(go env GOOS)/$(go env GOARCH)"
export KEYS=$docs_folder/keys PLATFORMS
PLATFORMS=$(go env GOOS)/$(go env GOARCH)
mkdir "$KEYS"
git config user.name owner
git config user.email owner@example.com
printf 'password\npassword\n' >"$docs_folder/password"
minisign() { command minisign "$@" <"$docs_folder/password"; }
export -f minisign
export docs_folder
