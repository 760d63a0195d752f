import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createTlsIdentity, tlsServer } from '@enclos/enclave';
import {
  answerHeaders,
  constantAnswer,
  pieceBytes,
  serveAlone,
  serveService,
  streamedPieces,
} from '../../https-server/serve.ts';
import { peersOf } from '../harness/peers.ts';

/** Node's own server, and ours, in a process without an enclave. It ends with its standard input. */
const identity = createTlsIdentity('localhost');
const secure = tlsServer({ ...identity, alpnProtocols: ['http/1.1'] });

async function download(response: ServerResponse): Promise<void> {
  response.writeHead(200, answerHeaders);
  for (let i = 0; i < streamedPieces; i++) {
    if (!response.write(new Uint8Array(pieceBytes).fill(120))) await once(response, 'drain');
  }
  response.end();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/download') return download(response);
  let bytes = 0;
  if (request.url === '/upload') for await (const piece of request) bytes += (piece as Buffer).length;
  const body = JSON.stringify(request.url === '/upload' ? { bytes } : constantAnswer);
  response.writeHead(200, { ...answerHeaders, 'content-length': Buffer.byteLength(body) }).end(body);
}

const options = { ...identity, noDelay: true, keepAliveTimeout: 3_600_000, ALPNProtocols: ['http/1.1'] };
const bare = createHttpsServer(options, (request, response) => {
  // Without a promise where none is needed.
  if (request.url !== '/constant') return void answer(request, response);
  const body = JSON.stringify(constantAnswer);
  response.writeHead(200, { ...answerHeaders, 'content-length': Buffer.byteLength(body) }).end(body);
});
const [service, http] = [
  createServer({ noDelay: true, allowHalfOpen: true }),
  createServer({ noDelay: true, allowHalfOpen: true }),
];
void serveService(peersOf(service), secure);
void serveAlone(peersOf(http), secure);

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const ports = { bare: await portOf(bare), service: await portOf(service), http: await portOf(http) };
process.stdout.write(`${JSON.stringify({ ca: identity.cert, ...ports })}\n`);
await once(process.stdin.resume(), 'end');
process.exit();
