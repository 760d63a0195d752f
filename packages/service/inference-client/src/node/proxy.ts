import '../errors.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listenAt, type ProxyAddress, type ProxyListenOptions } from '@enclos/atls/proxy';
import { isEnclosError } from '@enclos/errors';
import { errorJson } from '@enclos/open-inference';
import type { InferenceClient } from '../client.ts';
import { misused } from '../refusal.ts';

export interface InferenceProxyOptions {
  readonly client: Pick<InferenceClient, 'fetch'>;
  /** The address that the client was made with. */
  readonly url: string | URL;
  /**
   * Names, without a port, that programs on other machines may call this one, for a proxy that these reach. Addresses and `localhost` are always
   * taken: a page's owner can make a name of theirs lead here, and no address.
   */
  readonly hosts?: readonly string[];
  /** Connections at once; further ones are closed. Default: 64. */
  readonly maxConnections?: number;
  /** Learns why a request was not answered. It gets nothing of the request, and must not throw. */
  readonly onRefusal?: (error: unknown) => void;
}

export interface InferenceProxy {
  /**
   * Begins to serve, once.
   *
   * @returns the address; with the port, also when any was asked for.
   * @throws ATLS_PROXY_ADDRESS for an address that is in use, cannot be had, or that other machines reach unless `allowOtherMachines`.
   */
  listen(address: ProxyAddress, options?: ProxyListenOptions): Promise<ProxyAddress>;
  /**
   * Takes no more requests, and resolves when the last connection is closed.
   * @param options `graceMs`: how long answers under way may go on. Default: 0.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * A proxy on this machine for programs that know nothing of seals and evidence, such as clients of OpenAI's API and of the Open Inference
 * Protocol. They speak to it in the clear, and it answers 502 for all that the attested enclave did not answer.
 *
 * Pages in a browser cannot use it: a request that a page sent, or for another host than this machine, is refused with 403. Otherwise any
 * page could ask the service in the name of the user. With `allowOtherMachines` any address is one of this machine, and so is a name in `hosts`.
 *
 * @example
 * import type { InferenceClient } from '@enclos/inference-client';
 * import { createInferenceProxy } from '@enclos/inference-client/node';
 *
 * export async function serve(client: InferenceClient): Promise<void> {
 *   const proxy = createInferenceProxy({ client, url: 'https://models.example.com' });
 *   await proxy.listen({ host: '127.0.0.1', port: 8080 });
 * }
 */
export function createInferenceProxy(options: InferenceProxyOptions): InferenceProxy {
  const { maxConnections = 64 } = options;
  let isOwnHost: (host: string) => boolean = isLoopback;
  const server = createServer((request, response) => {
    void answer(request, response, { ...options, isOwnHost });
  });
  server.maxConnections = maxConnections;
  return Object.freeze<InferenceProxy>({
    async listen(address, listening = {}) {
      // No page reaches a socket of the file system.
      if (address.path !== undefined) isOwnHost = () => true;
      else if (listening.allowOtherMachines === true) isOwnHost = exposedHosts(options.hosts ?? []);
      return listenAt(server, address, listening);
    },
    async close({ graceMs = 0 } = {}) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      if (graceMs === 0) server.closeAllConnections();
      else server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  });
}

interface AnswerOptions extends InferenceProxyOptions {
  readonly isOwnHost: (host: string) => boolean;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { client, url, isOwnHost, onRefusal = () => undefined }: AnswerOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    if (isFromPage(request)) return refuse(response, 403, 'Pages in browsers cannot use the proxy.');
    if (!isOwnHost(hostIn(request))) return refuse(response, 403, foreignHost);
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

/** Browsers say so of every request that a page makes (Fetch Metadata, section 2.4; Fetch, section 3.1). */
function isFromPage({ headers }: IncomingMessage): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers;
  return origin !== undefined || site !== 'none';
}

const foreignHost =
  'The proxy does not know the name in the header `host` as one of this machine. Use its address, or name it with --allow-host.';

/** The name or address of a request's header `host`, without a port. */
function hostIn({ headers }: IncomingMessage): string {
  const [, name = ''] = /^(?<name>\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(headers.host ?? '') ?? [];
  return name.replace(/^\[(?<address>.*)\]$/, '$<address>').toLowerCase();
}

/** A name that a page's owner made to lead here is not one of this machine. */
function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.'));
}

function exposedHosts(names: readonly string[]): (host: string) => boolean {
  const known = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  return (host) => isIP(host) !== 0 || known.has(host);
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
