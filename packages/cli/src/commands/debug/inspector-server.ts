import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { listenAt } from '@enclos/cli-frame/http-server';
import { WebSocketServer, type WebSocket } from 'ws';
import type { InspectedEnclave } from './inspected-enclave.ts';

export interface InspectorServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Also lists the enclaves at `/json`, where some tools look. Then anyone who can reach the port can debug. */
  readonly discoverable: boolean;
}

/** Addresses of one enclave for a debugger. */
export interface DebuggerAddress {
  readonly webSocketUrl: string;
  readonly devtoolsUrl: string;
}

/** Serves inspected enclaves to the developer's tools, on this machine only. */
export interface InspectorServer {
  readonly port: number;
  /** Lists the enclaves: the URL that tools poll. */
  readonly listUrl: string;
  add(enclave: InspectedEnclave): DebuggerAddress;
  remove(enclave: InspectedEnclave): void;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const maxMessageBytes = 64 * 1024 * 1024;
/** Any web page can make requests to this machine. Only an address or localhost is accepted, so a DNS name of the page does not work. */
const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;
/** Pages of developer tools have their own schemes; other debuggers send no origin. */
const foreignOrigin = /^(?!(?:devtools|chrome-devtools):\/\/)/;

/** @throws CLI_ADDRESS_IN_USE */
export async function serveInspector({ port, discoverable }: InspectorServerOptions): Promise<InspectorServer> {
  const token = randomBytes(16).toString('hex');
  const enclaves = new Map<number, InspectedEnclave>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  const server = createServer((request, response) => {
    request.resume();
    const body = refusal(request) === undefined ? page(request.url ?? '/') : undefined;
    answer(response, body);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const enclave = find(request.url ?? '/');
    const status = refusal(request) ?? (enclave === undefined ? '404 Not Found' : undefined);
    if (status !== undefined || enclave === undefined) {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (made) => connect(made, enclave));
  });
  const actual = await listenAt(server, { host, port });
  const addressOf = ({ number }: InspectedEnclave): DebuggerAddress => {
    const address = `${host}:${actual}/${token}/${number}`;
    return {
      webSocketUrl: `ws://${address}`,
      devtoolsUrl: `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${address}`,
    };
  };

  const find = (url: string): InspectedEnclave | undefined => {
    const [, given = '', number] = /^\/([0-9a-f]{32})\/(\d{1,9})$/.exec(url) ?? [];
    return isToken(given, token) ? enclaves.get(Number(number)) : undefined;
  };
  const page = (url: string): object | undefined => {
    const [, given, name] = /^(?:\/([0-9a-f]{32}))?\/(json(?:\/(?:list|version))?)\/?$/.exec(url) ?? [];
    const isKnown = given === undefined ? discoverable : isToken(given, token);
    if (name === undefined || !isKnown) return undefined;
    if (name === 'json/version') return { Browser: 'enclos', 'Protocol-Version': '1.3' };
    return [...enclaves.values()].map((enclave) => listed(enclave, addressOf(enclave)));
  };
  return Object.freeze({
    port: actual,
    listUrl: `http://${host}:${actual}${discoverable ? '' : `/${token}`}/json/list`,
    add(enclave: InspectedEnclave) {
      enclaves.set(enclave.number, enclave);
      return addressOf(enclave);
    },
    remove: (enclave: InspectedEnclave) => void enclaves.delete(enclave.number),
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function isToken(given: string, token: string): boolean {
  return given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token));
}

/** A status line for a request that a web page could have made. */
function refusal({ headers }: IncomingMessage): string | undefined {
  if (!ownHost.test(headers.host ?? '')) return '400 Bad Request';
  if (headers.origin !== undefined && foreignOrigin.test(headers.origin)) return '403 Forbidden';
  return undefined;
}

function answer(response: ServerResponse, body: object | undefined): void {
  if (body === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'no-cache' });
  response.end(JSON.stringify(body, undefined, 2));
}

function listed({ name, mrEnclave, number }: InspectedEnclave, address: DebuggerAddress): object {
  return {
    id: String(number),
    title: `enclave ${name}`,
    description: `debug enclave ${mrEnclave}`,
    type: 'node',
    url: 'file://enclave.js',
    webSocketDebuggerUrl: address.webSocketUrl,
    devtoolsFrontendUrl: address.devtoolsUrl,
  };
}

function connect(socket: WebSocket, enclave: InspectedEnclave): void {
  const attached = enclave.attach({
    send: (message) => socket.send(message),
    close: () => socket.close(),
    get waitingBytes() {
      return socket.bufferedAmount;
    },
  });
  // RFC 6455, section 7.4.1: 1008, a policy does not permit it.
  if (attached === undefined) return socket.close(1008, 'Another debugger is attached.');
  socket.on('error', () => socket.terminate());
  socket.on('close', () => attached.detach());
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) socket.close(1003, 'Text only.');
    else attached.receive(data.toString('utf8'));
  });
}
