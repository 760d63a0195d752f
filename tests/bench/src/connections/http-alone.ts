import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { serveHttp, type HttpHandler, type ServeHttpOptions } from '@enclos/http';
import type { Figure } from '../harness/figures.ts';
import { peersOf } from '../harness/peers.ts';
import { interleave, time } from '../harness/statistics.ts';

/** Requests that are under way at any time. */
export const connections = 16;
const requests = 8000;
const rounds = 7;
const bodyBytes = 1024;

/** What a request is, in bytes: the client writes it, and neither server knows it before. */
const kinds = [
  { what: 'GET, 1 KiB back', head: 'GET /get HTTP/1.1\r\nhost: a.test\r\n\r\n', body: '' },
  {
    what: 'POST of 1 KiB, echoed',
    head: `POST /echo HTTP/1.1\r\nhost: a.test\r\ncontent-type: text/plain\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
    body: 'b'.repeat(bodyBytes),
  },
] as const;
const page = 'g'.repeat(bodyBytes);

/** Ours, without TLS and without an enclave: what the protocol itself costs. */
export function httpServer(handlers: Pick<ServeHttpOptions, 'handler'>, signal: AbortSignal): Server {
  const server = createServer({ noDelay: true });
  void serveHttp(peersOf(server), { secure: undefined, ...handlers, signal });
  return server;
}

const handler: HttpHandler = ({ method, body }) => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: method === 'GET' ? page : body,
});

/** Node's own, which collects the body as ours does. */
function peer(): Server {
  return createHttpServer({ keepAlive: true, noDelay: true }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      const body = request.method === 'GET' ? page : Buffer.concat(pieces);
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': bodyBytes }).end(body);
    });
  });
}

/** Sends one request, and resolves with the answer when it is whole. */
function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      if (head === -1 || text.length < head + 4 + bodyBytes) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
    socket.write(request);
  });
}

/** Requests a second over connections that are kept, each with one request at a time. */
async function rate(sockets: readonly Socket[], request: string): Promise<number> {
  let left = requests;
  const lane = async (socket: Socket): Promise<void> => {
    while (left-- > 0) await exchange(socket, request);
  };
  return requests / ((await time(() => Promise.all(sockets.map(lane)))) / 1000);
}

/** As many connections as requests are under way. */
export async function connected(server: Server): Promise<readonly Socket[]> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = Array.from({ length: connections }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/**
 * The HTTP server alone, against Node's own in C and JavaScript, over TCP of this machine. Servers and client share one process, so
 * both ratios hold the client's part too.
 * @throws Error when a server answers anything but what it should.
 */
export async function benchHttpAlone(): Promise<readonly Figure[]> {
  const done = new AbortController();
  const servers = [httpServer({ handler }, done.signal), peer()] as const;
  const [own, others] = [await connected(servers[0]), await connected(servers[1])];
  const figures: Figure[] = [];
  for (const { what, head, body } of kinds) {
    for (const [socket] of [own, others]) {
      const answer = socket === undefined ? '' : await exchange(socket, head + body);
      const isRight = answer.startsWith('HTTP/1.1 200 ') && answer.endsWith(`\r\n\r\n${body || page}`);
      if (!isRight) throw new Error(`This does not answer ${what}: ${answer.slice(0, 200)}`);
    }
    const measured = await interleave(
      rounds,
      () => rate(own, head + body),
      () => rate(others, head + body),
    );
    figures.push({
      what: `HTTP/1.1: ${what}, ${connections} connections; peer node:http`,
      ours: `${measured.ours.toFixed(0)} /s`,
      peer: `${measured.peer.toFixed(0)} /s`,
      ratio: measured.ratio.toFixed(2),
    });
  }
  done.abort();
  for (const socket of [...own, ...others]) socket.destroy();
  for (const server of servers) server.close();
  return figures;
}
