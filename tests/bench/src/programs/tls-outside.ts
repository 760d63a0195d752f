import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

/** What tls-echo does, by Node's own server. Key and certificate come in its argument; it ends with its standard input. */
const identity = JSON.parse(process.argv[2] ?? '') as { readonly key: string; readonly cert: string };
const server = createServer({ ...identity, noDelay: true }, (client) => {
  client.on('error', () => undefined);
  client.pipe(client);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on('end', () => process.exit());
