# Two files for the application. In your configuration, keep the one that the application needs.
#
# perms: the default 0644 lets every user of the machine read the token. Put the files on a tmpfs, such
# as /run.
#
# error_on_missing_key: a field that does not exist, such as .Data.acess_token, is an error. Without it,
# Agent writes the text "<no value>" into the file.

# The token alone, without a lease. Agent reads it again within poll_interval of the role.
template {
  contents             = "{{ with secret `paxos/token/mint-role` }}{{ .Data.access_token }}{{ end }}"
  destination          = "paxos-token"
  perms                = "0600"
  error_on_missing_key = true

  # Runs after each change of the file. This application reads the file again after SIGHUP. Agent stops if
  # the command fails, so the command ignores an application that is not running.
  exec {
    command = ["sh", "-c", "test ! -f application.pid || kill -HUP $(cat application.pid) || true"]
    timeout = "10s"
  }
}

# All fields as JSON, with a lease. Agent reads it again near the end of the lease, which is ttl of the
# role.
template {
  contents             = "{{ with secret `paxos/creds/mint-role` }}{{ .Data | toJSON }}{{ end }}"
  destination          = "paxos.json"
  perms                = "0600"
  error_on_missing_key = true
}
