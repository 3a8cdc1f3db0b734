# Functions for the pages about releases. make prints no folders, as if a person had started it.
unset MAKELEVEL

# snapshot FOLDER: makes a repository in the folder, with the files of this repository as they are now, and commits
# them. The page shows another commit, which stands for this one.
snapshot() {
  mkdir "$1"
  git -C "$docs_repository" ls-files -z --cached --others --exclude-standard |
    (cd "$docs_repository" && while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done) |
    tar -C "$docs_repository" --null -T - -cf - | tar -C "$1" -xf -
  git -C "$1" init --quiet
  git -C "$1" add --all
  git -C "$1" -c user.name=test -c user.email=test@example.com commit --quiet -m test
  stands_for 30247a04573ce9bba2f0cfd4310e6e5774444666 "$(git -C "$1" rev-parse HEAD)"
}

# new_key: makes a key to sign with, without a password.
new_key() {
  minisign -G -W -p "$docs_folder/paxos-release.pub" -s "$docs_folder/paxos-release.key" >/dev/null
}
