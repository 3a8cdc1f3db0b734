# A release of the files as they are now, for this machine and for linux/arm64, and a folder with what a reader has
# downloaded of it. Its public key is paxos-release.pub.
. "$docs_repository/scripts/docs/pages/release-lib.sh"
here=$(go env GOOS)_$(go env GOARCH)
stands_for linux_amd64 "$here"
stands_for linux-amd64 "linux-$(go env GOARCH)"
stands_for /usr/local/lib/vault/plugins "$(dirname "$docs_plugin")"
snapshot checkout
git -C checkout tag v0.1.0
export PLATFORMS=${here/_/\/},linux/arm64
new_key
make --no-print-directory -C checkout dist SIGN_KEY="$docs_folder/paxos-release.key"
cp -r checkout/dist/{SHA256SUMS,SHA256SUMS.minisig,oci,"vault-plugin-secrets-paxos_v0.1.0_$here.tar.gz"} .
cp "$docs_folder/paxos-release.pub" .
rm -rf checkout
vault plugin deregister secret vault-plugin-secrets-paxos

check_page() {
  # Somebody who can replace the archive puts another program into it, and the checksums that fit. The page
  # compares the archive before it is unpacked, so these checksums are not used.
  mkdir replaced
  cp -r "$release" replaced
  printf evil >>"replaced/$release/paxos-report"
  (cd replaced && find "$release" -type f -exec sha256sum {} + >SHA256SUMS && tar -czf "../$release.tar.gz" SHA256SUMS "$release")
  local command
  command=$(sed -n 's/^grep .* | sha256sum --check$/&/p' "$docs_repository/docs/releases.md")
  expect 'the commands that compare an archive' 1 "$(wc -l <<<"$command")"
  if (eval "$command"); then
    echo 'the page accepts an archive that was replaced'
    return 1
  fi
  expect 'the order of comparing and unpacking' 'grep tar' \
    "$(sed -n 's/^\(grep\) .*sha256sum --check$/\1/p; s/^\(tar\) -xzf.*/\1/p' "$docs_repository/docs/releases.md" | xargs)"
}
