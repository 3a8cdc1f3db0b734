# Functions for the pages about releases.

# snapshot FOLDER: makes a repository in the folder, with the files of this repository as they are now, and commits
# them.
snapshot() {
  mkdir "$1"
  git -C "$docs_repository" ls-files -z --cached --others --exclude-standard |
    (cd "$docs_repository" && while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done) |
    tar -C "$docs_repository" --null -T - -cf - | tar -C "$1" -xf -
  git -C "$1" init --quiet
  git -C "$1" add --all
  git -C "$1" -c user.name=test -c user.email=test@example.com commit --quiet -m test
}

# new_key: makes a key to sign with, without a password.
new_key() {
  minisign -G -W -p "$docs_folder/paxos-release.pub" -s "$docs_folder/paxos-release.key" >/dev/null
}
