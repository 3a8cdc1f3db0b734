. "$docs_repository/scripts/docs/pages/examples.sh"

check_page() {
  # With the mistake that error_on_missing_key is for, nothing is written.
  sed 's/access_token/acess_token/; s/paxos-token/wrong-token/' docs/examples/agent/file.hcl >wrong.hcl
  vault agent -config=docs/examples/agent/login.hcl -config=wrong.hcl >wrong.log 2>&1 &
  local agent=$!
  await grep -q 'map has no entry for key' wrong.log
  kill $agent
  expect 'the file of a wrong template' '' "$(cat wrong-token 2>/dev/null)"
}
