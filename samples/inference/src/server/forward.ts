import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';

export interface ForwardedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Carries a request to the service, and resolves with the head of its answer. */
export type Forward = (path: string, forwarded: ForwardedRequest) => Promise<IncomingMessage>;

export interface ForwardConnection {
  readonly forward: Forward;
  close(): void;
}

/**
 * A way to the service that proves nothing. What goes over it is sealed to keys that the client has verified, so anything may
 * stand in between, and the certificate of the service, which no authority signed, is not looked at.
 */
export function forwardTo({ host, port }: { readonly host: string; readonly port: number }): ForwardConnection {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  const forward: Forward = (path, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const options = { host, port, path, method, agent, headers: { ...headers, 'content-length': body?.length ?? 0 } };
      const sent = request({ ...options, ...(signal === undefined ? {} : { signal }) }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  return Object.freeze<ForwardConnection>({ forward, close: () => agent.destroy() });
}
