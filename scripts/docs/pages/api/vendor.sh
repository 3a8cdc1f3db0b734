# A client that a role may lease to a vendor. Its secret is in vendor-secret.txt.
dashboard create vendor transfer:read_transfer funding:read_profile >vendor-secret.txt
VENDOR_CLIENT_ID=$(dashboard id vendor)
