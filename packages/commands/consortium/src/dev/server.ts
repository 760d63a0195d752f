import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { addressText, type NetworkAddress } from '@enclos/command-line';
import { listenAt } from '@enclos/cli-frame/http-server';
import {
  bodyTooLarge,
  headerTooLarge,
  requestLimits,
  type AppAnswer,
  type AppRequest,
  type CertifiedKey,
} from '@enclos/consortium-app';

/** A sandbox as clients reach it. */
export interface SandboxServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves over HTTPS. Clients may show any certificate that they have the key of, as in CCF: the application's policies judge it.
 *
 * @throws CLI_ADDRESS_IN_USE
 */
export async function serveSandbox(
  { host, port }: NetworkAddress,
  node: CertifiedKey,
  submit: (request: AppRequest) => Promise<AppAnswer>,
): Promise<SandboxServer> {
  const server = createServer({
    key: node.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: node.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    maxHeaderSize: requestLimits.headerBytes,
    // CCF gives handlers the host name null.
    requireHostHeader: false,
  });
  // The parser would leave out what is beyond, and we refuse it. The bound in bytes holds before.
  server.maxHeadersCount = 0;
  server.on('request', (incoming, outgoing) => {
    serve(incoming, outgoing, submit).catch(() => outgoing.destroy());
  });
  server.on('clientError', (error: ParserError, socket) => {
    if (error.code === 'HPE_HEADER_OVERFLOW') endRaw(socket, headerTooLarge());
    else if (error.rawPacket !== undefined && socket.writable) endRaw(socket, unreadable(error));
    else socket.destroy();
  });
  const actual = await listenAt(server, { host, port });
  return {
    url: `https://${addressText({ host, port: actual })}`,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  submit: (request: AppRequest) => Promise<AppAnswer>,
): Promise<void> {
  if (incoming.rawHeaders.length > 2 * requestLimits.headers) return send(outgoing, headerTooLarge());
  const body = await readBody(incoming);
  if (body === undefined) {
    outgoing.shouldKeepAlive = false;
    return send(outgoing, bodyTooLarge());
  }
  const { method = 'GET', url = '/', headers, socket } = incoming;
  const at = url.indexOf('?');
  const fields = Object.entries(headers).map(
    ([name, value = '']) => [name, typeof value === 'string' ? value : value.join(', ')] as const,
  );
  send(
    outgoing,
    await submit({
      method,
      path: at === -1 ? url : url.slice(0, at),
      query: at === -1 ? '' : url.slice(at + 1),
      headers: new Map(fields),
      body,
      certificate: certificateOf(socket),
      address: socket.remoteAddress,
    }),
  );
}

/** @returns undefined for more than a request may have. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > requestLimits.bodyBytes) return undefined;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

const known = new WeakMap<object, Uint8Array>();

function certificateOf(socket: unknown): Uint8Array | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const found = known.get(socket);
  if (found !== undefined) return found;
  const raw = socket.getPeerX509Certificate()?.raw;
  if (raw === undefined) return undefined;
  const certificate = new Uint8Array(raw);
  known.set(socket, certificate);
  return certificate;
}

function send(outgoing: ServerResponse, { status, headers, body }: AppAnswer): void {
  outgoing.writeHead(status, { ...Object.fromEntries(headers), 'content-length': String(body.length) });
  outgoing.end(body);
}

/** What Node's parser says of bytes that are not a request. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Uint8Array;
}

/** The answer to what cannot be read, with what was sent, as CCF gives it (CCF, src/http/http_session.h). */
function unreadable({ message, rawPacket = new Uint8Array() }: ParserError): AppAnswer {
  const words = `Unable to parse data as a HTTP request. Error message is: ${message}\nError occurred while parsing fragment:\n`;
  const body = new Uint8Array(Buffer.concat([Buffer.from(words), rawPacket]));
  return { status: 400, headers: new Map([['content-type', 'text/plain']]), body };
}

/** The parser gave up, so there is no response object to answer with. */
function endRaw(socket: Duplex, { status, headers, body }: AppAnswer): void {
  const fields = [...headers, ['content-length', String(body.length)], ['connection', 'close']];
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  socket.end(Buffer.concat([Buffer.from([`HTTP/1.1 ${status} Refused`, ...lines, '', ''].join('\r\n')), body]));
}
