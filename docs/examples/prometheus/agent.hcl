# Vault Agent logs in and keeps a Vault token in the file that prometheus.yml names. The token needs only
# the policy docs/examples/policies/monitoring.hcl. Run Agent as the user of Prometheus.

vault {
  address = "https://vault.example.com:8200"
  ca_cert = "/etc/prometheus/vault-ca.pem"
}

auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "/etc/prometheus/role-id"
      secret_id_file_path                 = "/etc/prometheus/secret-id"
      remove_secret_id_file_after_reading = false # so that Agent can log in again after a restart
    }
  }

  sink "file" {
    config = {
      path = "/run/prometheus/vault-token"
      mode = 0600
    }
  }
}
