import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { exchange } from '../connections/exchange.ts';

/**
 * A client in a process of its own. Its argument says where the server is; each
 * line that it reads is `connections requests bytes` or `handshake times`, and it
 * answers each with the milliseconds that it took.
 */
const server = JSON.parse(process.argv[2] ?? '') as {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly servername: string;
};
const kept: TLSSocket[] = [];

async function open(): Promise<TLSSocket> {
  const socket = connect(server);
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

async function requests(connections: number, count: number, sizeBytes: number): Promise<number> {
  const message = Buffer.alloc(sizeBytes, 7);
  while (kept.length < connections) kept.push(await open());
  let left = count;
  const start = performance.now();
  await Promise.all(
    kept.slice(0, connections).map(async (socket) => {
      while (left-- > 0) await exchange(socket, message);
    }),
  );
  return performance.now() - start;
}

async function handshakes(count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) (await open()).destroy();
  return performance.now() - start;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [what = '', count = '', sizeBytes = ''] = line.split(' ');
  const taken = await (what === 'handshake'
    ? handshakes(Number(count))
    : requests(Number(what), Number(count), Number(sizeBytes)));
  process.stdout.write(`${taken}\n`);
}
process.exit();
