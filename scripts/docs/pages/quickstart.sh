# The page begins in a clone of the repository in which the programs were built, with a server that has a
# plugin directory. In its second half it has a client of Paxos's sandbox.
mkdir bin
cp "$docs_plugin" bin/
plugin_directory=$(dirname "$docs_plugin")
start_paxos -scopes="funding:read_profile transfer:read_transfer"
client_id=$PAXOS_CLIENT_ID
stands_for 127.0.0.1:8300 "127.0.0.1:$(free_port)"
