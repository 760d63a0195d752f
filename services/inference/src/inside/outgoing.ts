import type { Duplex } from 'node:stream';
import { underDeadline, untilAborted } from '@enclos/bounded';
import { utf8 } from '@enclos/codec';
import { HttpClientConnection, wholeBodyOf } from '@enclos/http';
import { secureClient } from '@enclos/service/tls';
import type { KeyServiceAddress } from '../configuration.ts';

const headTimeoutMs = 10_000;
/** A server that is not there is tried again, rather than waited for: it may be back by then. */
const openTimeoutMs = 1000;
/** Keys, tokens and lists of certificates. */
const maxBytes = 1_048_576;

/**
 * What `fetch` is for one server that the host connects the enclave to: TLS ends in here, with a certificate of the roots, if there are
 * any. Each request has a connection of its server, redirects are given back, and nothing is kept.
 */
export function outgoingFetch(
  { url, certificateAuthorities: authorities }: KeyServiceAddress,
  open: (signal: AbortSignal) => Promise<Duplex>,
): (address: string, init: RequestInit) => Promise<Response> {
  const server = new URL(url);
  return async (address, init) => {
    if (new URL(address).origin !== server.origin) throw new Error('The enclave is connected to one server alone.');
    try {
      return await exchange(new URL(address), init, { open, authorities });
    } catch (cause) {
      // As `fetch` fails: which part of the way broke is for the cause to say.
      throw new TypeError('fetch failed', { cause });
    }
  };
}

interface Way {
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  readonly authorities: readonly string[] | undefined;
}

async function exchange(
  { host, hostname: serverName, pathname, search }: URL,
  { method = 'GET', headers, body, signal }: RequestInit,
  { open, authorities }: Way,
): Promise<Response> {
  const until = signal ?? AbortSignal.timeout(headTimeoutMs);
  const stream = await underDeadline(openTimeoutMs, async (late) => {
    const either = AbortSignal.any([until, late]);
    return untilAborted(either, open(either));
  });
  const socket = await secureClient(stream, { serverName, authorities, signal: until });
  const client = new HttpClientConnection(socket, host);
  try {
    const answer = await client.send({
      method,
      path: `${pathname}${search}`,
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { body: utf8(body) } : {}),
      headTimeoutMs,
      maxBytes,
      signal: until,
    });
    const content = new Uint8Array(await wholeBodyOf(answer, maxBytes));
    return new Response(content.length === 0 ? null : content, {
      status: answer.status,
      headers: [...answer.headers].map(([name, value]): [string, string] => [name, value]),
    });
  } finally {
    client.close();
  }
}
