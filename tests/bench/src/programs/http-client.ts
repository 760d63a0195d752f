import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';

/**
 * A client of an HTTPS server in a process of its own. Its arguments say where the server is, and which file holds what it
 * writes: one request, or as many as the third argument says, all at once. Each line that it reads is `connections writes`, and
 * it answers each with a JSON line of the milliseconds that all took and those of each write.
 */
const server = JSON.parse(process.argv[2] ?? '') as { readonly port: number; readonly ca: string };
const request = readFileSync(process.argv[3] ?? '');
const answersPerWrite = Number(process.argv[4] ?? 1);

const none = Buffer.alloc(0);
const endOfHead = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** Finds the ends of answers. It looks at the head of each, so that an error ends the measurement. */
class Answers {
  #held: Buffer = none;
  /** Bytes left of the body; undefined within a head, and for a body in chunks. */
  #left = 0;
  #isChunked = false;

  /** @returns how many answers end in these bytes. */
  take(bytes: Buffer): number {
    let rest: Buffer = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    let ends = 0;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#left -= taken;
        rest = rest.subarray(taken);
        if (this.#left === 0) ends += 1;
      } else if (this.#isChunked) {
        // The content of what is measured does not hold these bytes.
        const at = rest.indexOf(lastChunk);
        if (at === -1) {
          this.#held = Buffer.from(rest.subarray(-lastChunk.length));
          return ends;
        }
        this.#isChunked = false;
        ends += 1;
        rest = rest.subarray(at + lastChunk.length);
      } else {
        const at = rest.indexOf(endOfHead);
        if (at === -1) break;
        const head = rest.toString('latin1', 0, at);
        if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(rest.toString('utf8'));
        const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
        this.#isChunked = length === undefined;
        this.#left = Number(length ?? 0);
        if (length === '0') ends += 1;
        rest = rest.subarray(at + endOfHead.length);
      }
    }
    this.#held = rest.length === 0 ? none : Buffer.from(rest);
    return ends;
  }
}

/** One connection that is kept. */
class Lane {
  readonly #socket: TLSSocket;
  readonly #answers = new Answers();
  #missing = 0;
  #answered = (): void => undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once('close', () => process.exit(1));
    socket.on('data', (bytes: Buffer) => {
      this.#missing -= this.#answers.take(bytes);
      if (this.#missing === 0) this.#answered();
    });
  }

  /** Writes as long as `next` says so, each time when the last answers are whole. */
  run(next: () => boolean, each: number[]): Promise<void> {
    return new Promise((resolve) => {
      let began = 0;
      const ask = (): void => {
        if (!next()) return resolve();
        this.#missing = answersPerWrite;
        began = performance.now();
        this.#socket.write(request);
      };
      this.#answered = () => {
        each.push(performance.now() - began);
        ask();
      };
      ask();
    });
  }
}

const kept: Lane[] = [];

async function open(): Promise<Lane> {
  const socket = connect({ host: '127.0.0.1', ...server, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  await once(socket, 'secureConnect');
  return new Lane(socket);
}

async function run(connections: number, count: number): Promise<object> {
  while (kept.length < connections) kept.push(await open());
  const each: number[] = [];
  let left = count;
  const next = (): boolean => left-- > 0;
  const start = performance.now();
  await Promise.all(kept.slice(0, connections).map((lane) => lane.run(next, each)));
  return { milliseconds: performance.now() - start, each };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [connections = '', count = ''] = line.split(' ');
  process.stdout.write(`${JSON.stringify(await run(Number(connections), Number(count)))}\n`);
}
process.exit();
