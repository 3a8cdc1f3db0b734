# Agent starts the application, with the token in an environment variable. Agent restarts the application
# whenever the token changes, at least once an hour. If that is a problem, use a file (file.hcl).

env_template "PAXOS_ACCESS_TOKEN" {
  contents             = "{{ with secret `paxos/token/mint-role` }}{{ .Data.access_token }}{{ end }}"
  error_on_missing_key = true
}

env_template "PAXOS_API_URL" {
  contents             = "{{ with secret `paxos/token/mint-role` }}{{ .Data.api_url }}{{ end }}"
  error_on_missing_key = true
}

exec {
  command                   = ["sh", "application.sh"]
  restart_on_secret_changes = "always"
  restart_stop_signal       = "SIGTERM"
}
