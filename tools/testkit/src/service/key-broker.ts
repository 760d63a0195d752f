import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface KeyBrokerOptions {
  /** Key and certificate of the server, PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Secrets by `repository/type/tag`. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Wraps a secret to the public key of the requester: a compact JWE. */
  readonly wrap: (secret: Uint8Array, jwk: Readonly<Record<string, string>>) => string;
  /** Judges evidence and the hash that it must be about, in hex. Default: all of it is good. */
  readonly accept?: (evidence: string, runtimeHash: string) => boolean;
}

/** What clients send with evidence. */
interface AttestBody {
  readonly 'runtime-data': { readonly nonce: string; readonly 'tee-pubkey': Readonly<Record<string, string>> };
  readonly 'tee-evidence': { readonly primary_evidence: { readonly quote?: string } };
}

/** A Trustee key broker (protocol 0.1.1), small and in this process. It can be killed, and comes back at the same port. */
export class KeyBroker {
  readonly #options: KeyBrokerOptions;
  readonly #sessions = new Map<string, Readonly<Record<string, string>>>();
  #server: Server | undefined;
  /** Methods and paths, in their order. */
  readonly asked: string[] = [];
  port = 0;

  constructor(options: KeyBrokerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const server = createServer(this.#options.tls, (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.once('end', () => {
        const path = request.url ?? '';
        this.asked.push(`${request.method} ${path}`);
        const [status, body, headers] = this.#answer(path, text, request.headers);
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      });
    });
    server.on('tlsClientError', () => undefined);
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends it in the middle of what it does. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    this.#sessions.clear();
  }

  #answer(
    path: string,
    text: string,
    { cookie = '', authorization }: IncomingHttpHeaders,
  ): readonly [number, unknown, Readonly<Record<string, string>>?] {
    const session = cookie.replace('kbs-session-id=', '');
    if (path === '/kbs/v0/auth') {
      const id = String(this.asked.length);
      return [200, { nonce: `nonce-${id}`, 'extra-params': '' }, { 'set-cookie': `kbs-session-id=${id}; Path=/` }];
    }
    if (path === '/kbs/v0/attest') return this.#attest(session, JSON.parse(text) as AttestBody);
    const secret = this.#options.secrets.get(path.replace('/kbs/v0/resource/', ''));
    const jwk = this.#sessions.get(session);
    if (jwk === undefined || authorization !== `Bearer token-${session}`) return [401, {}];
    if (secret === undefined) return [404, {}];
    const [header = '', key = '', iv = '', ciphertext = '', tag = ''] = this.#options.wrap(secret, jwk).split('.');
    return [200, { protected: header, encrypted_key: key, iv, ciphertext, tag }];
  }

  #attest(session: string, body: AttestBody): readonly [number, unknown] {
    const { nonce, 'tee-pubkey': jwk } = body['runtime-data'];
    const { alg, crv, kty, x, y } = jwk;
    // What a broker hashes: the runtime data with sorted members.
    const runtime = JSON.stringify({ nonce, 'tee-pubkey': { alg, crv, kty, x, y } });
    const hash = createHash('sha384').update(runtime).digest('hex');
    const { quote = '' } = body['tee-evidence'].primary_evidence;
    if (this.#options.accept?.(quote, hash) === false) return [401, { type: 'refused' }];
    this.#sessions.set(session, jwk);
    return [200, { token: `token-${session}` }];
  }
}
