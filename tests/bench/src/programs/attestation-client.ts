import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';

/**
 * A client of the attestation service in a process of its own. Its arguments say
 * where the server is and which file holds a whole request; each line that it
 * reads is `connections requests`, and it answers each with a JSON line of the
 * milliseconds that all took and those of each request.
 */
const server = JSON.parse(process.argv[2] ?? '') as { readonly port: number; readonly ca: string };
const request = readFileSync(process.argv[3] ?? '');
const kept: TLSSocket[] = [];

async function open(): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', ...server, servername: 'localhost' });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  socket.once('close', () => process.exit(1));
  return socket;
}

const end = Buffer.from('\r\n\r\n');

/** Of an answer that has begun: undefined while its header is not whole. @throws for any other status than 200. */
function sizeOf(answer: Buffer): number | undefined {
  const at = answer.indexOf(end);
  if (at < 0) return undefined;
  const header = answer.subarray(0, at).toString('latin1');
  if (!header.startsWith('HTTP/1.1 200 ')) throw new Error(answer.toString('utf8'));
  const [, length = ''] = /\r\ncontent-length: (\d+)/i.exec(header) ?? [];
  return at + end.length + Number(length);
}

function ask(socket: TLSSocket): Promise<void> {
  let answer: Buffer = Buffer.alloc(0);
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      answer = answer.length === 0 ? chunk : Buffer.concat([answer, chunk]);
      const size = sizeOf(answer);
      if (size === undefined || answer.length < size) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
    socket.write(request);
  });
}

async function run(connections: number, count: number): Promise<object> {
  while (kept.length < connections) kept.push(await open());
  const each: number[] = [];
  let left = count;
  const start = performance.now();
  await Promise.all(
    kept.slice(0, connections).map(async (socket) => {
      while (left-- > 0) {
        const began = performance.now();
        await ask(socket);
        each.push(performance.now() - began);
      }
    }),
  );
  return { milliseconds: performance.now() - start, each };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [connections = '', count = ''] = line.split(' ');
  process.stdout.write(`${JSON.stringify(await run(Number(connections), Number(count)))}\n`);
}
process.exit();
