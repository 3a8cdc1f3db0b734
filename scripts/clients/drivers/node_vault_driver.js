// Calls Vault with node-vault as it is told. Each line on stdin is a call, and each line on stdout is its
// outcome. Both are JSON: {"method": "read", "arguments": {"path": "paxos/token/mint-role"}}, and
// {"answer": {}} or {"error": "the text that node-vault threw"}.

const readline = require('node:readline');
const vault = require('node-vault')({ endpoint: process.env.VAULT_ADDR, token: '' });

const methods = {
  async login({ role_id, secret_id }) {
    const { auth } = await vault.approleLogin({ role_id, secret_id });
    vault.token = auth.client_token;
  },
  read: ({ path }) => vault.read(path),
  write: ({ path, data }) => vault.write(path, data),
  renew: (lease) => vault.renew(lease),
  revoke: (lease) => vault.revoke(lease),
  logout: () => vault.tokenRevokeSelf(),
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { method, arguments: given } = JSON.parse(line);
    let outcome;
    try {
      outcome = { answer: (await methods[method](given)) || {} };
    } catch (error) {
      outcome = { error: error.message };
    }
    console.log(JSON.stringify(outcome));
  }
}

main();
