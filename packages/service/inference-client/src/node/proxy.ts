import '../errors.ts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isEnclosError } from '@enclos/errors';
import { errorJson } from '@enclos/open-inference';
import type { InferenceClient } from '../client.ts';
import { misused } from '../refusal.ts';

export interface InferenceProxyOptions {
  readonly client: Pick<InferenceClient, 'fetch'>;
  /** The address that the client was made with. */
  readonly url: string | URL;
  /** Connections at once; further ones are closed. Default: 64. */
  readonly maxConnections?: number;
  /** Learns why a request was not answered. It gets nothing of the request, and must not throw. */
  readonly onRefusal?: (error: unknown) => void;
}

export interface InferenceProxyAddress {
  /** An address of this machine, such as 127.0.0.1. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface InferenceProxy {
  /**
   * Begins to serve, once.
   *
   * @returns the port.
   * @throws INFERENCE_CLIENT_MISUSED for an address that other machines reach; what the system says of one that it does not give.
   */
  listen(address: InferenceProxyAddress): Promise<number>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * A proxy on this machine for programs that know nothing of seals and evidence, such as clients of OpenAI's API and of the Open Inference
 * Protocol. They speak to it in the clear, and it answers 502 for all that the attested enclave did not answer.
 *
 * Pages in a browser cannot use it: a request with an origin, or for another host than this machine, is refused with 403. Otherwise any page
 * could ask the service in the name of the user.
 *
 * @example
 * const proxy = createInferenceProxy({ client, url });
 * const port = await proxy.listen({ host: '127.0.0.1', port: 8080 });
 */
export function createInferenceProxy(options: InferenceProxyOptions): InferenceProxy {
  const { maxConnections = 64 } = options;
  const server = createServer((request, response) => {
    void answer(request, response, options);
  });
  server.maxConnections = maxConnections;
  return Object.freeze<InferenceProxy>({
    listen: async ({ host, port }) =>
      isOfThisMachine(host) ? listenAt(server, host, port) : misused('Other machines could reach the proxy there.'),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  });
}

async function listenAt(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function isOfThisMachine(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.'));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { client, url, onRefusal = () => undefined }: InferenceProxyOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    if (!isFromProgram(request)) return refuse(response, 403, 'Pages in browsers cannot use the proxy.');
    const answered = await client.fetch(targetOf(request, url), initOf(request, gone.signal));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    if (answered.body === null) response.end();
    else await pipeline(Readable.fromWeb(answered.body), response);
  } catch (error) {
    if (response.headersSent) {
      // A program that went away is not a refusal. Only the end of the connection can say that the rest is missing.
      if (isEnclosError(error)) onRefusal(error);
      response.destroy();
    } else if (!gone.signal.aborted) {
      onRefusal(error);
      refuse(response, 502, isEnclosError(error) ? `${error.code}: ${error.message}` : 'The request failed.');
    }
  }
}

function isFromProgram({ headers }: IncomingMessage): boolean {
  const [, name = ''] = /^(?<name>\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(headers.host ?? '') ?? [];
  return headers.origin === undefined && isOfThisMachine(name.replace(/^\[(?<address>.*)\]$/, '$<address>'));
}

/** A path stays one: an absolute target, or one that begins with two slashes, would name another server. */
function targetOf({ url: target = '/' }: IncomingMessage, url: string | URL): string {
  const base = new URL(url);
  return target.startsWith('/') ? `${base.href.replace(/\/$/, '')}${target}` : misused('The target is not a path.');
}

function initOf(request: IncomingMessage, signal: AbortSignal): RequestInit {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(request.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const { method = 'GET' } = request;
  if (method === 'GET' || method === 'HEAD') return { method, headers, signal };
  return { method, headers, signal, body: Readable.toWeb(request), duplex: 'half' };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(errorJson(message));
}
