import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { publicKeyOfJwk } from '@enclos/jose';
import { encryptJwe, nodePublicKeyOf } from '@enclos/jose/node';
import { tlsKeyPair } from '@enclos/testkit';
import { keysUrl } from './models-scene.ts';

interface AttestBody {
  readonly quote: string;
  readonly runtimeData: { readonly data: string };
  readonly nonce: string;
}

interface ReleaseBody {
  readonly kid: string;
  readonly target: string;
  readonly enc: string;
  readonly nonce: string;
}

interface RuntimeData {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

/** What a server answers: a status, and JSON or any text. */
export type Answer = readonly [status: number, body: unknown];

/**
 * What anyone can build who speaks the protocol of an attestation service: it has its own keys and certificate, accepts all evidence and
 * releases what it has. What the real one decides is tested with that.
 */
export class ReleaseService {
  readonly #signing = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #server: Server;
  /** Its certificate, PEM. */
  readonly certificate: string;
  readonly asked: string[] = [];
  readonly quotes: Uint8Array[] = [];
  readonly runtimeData: Uint8Array[] = [];
  /** Takes the place of an answer. */
  change: (path: string, answer: Answer) => Answer = (_, answer) => answer;
  secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.secret = secret;
    const tls = tlsKeyPair(selfSignedCertificate, 'keys.test');
    this.certificate = tls.cert;
    this.#server = createServer(tls, (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.once('end', () => {
        const [path = ''] = (request.url ?? '').split('?', 1);
        this.asked.push(path);
        const [status, body] = this.change(path, this.#answer(path, text));
        response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  get port(): number {
    // It listens on TCP.
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(path: string, text: string): Answer {
    if (path === '/certs') return [200, { keys: [{ ...this.#signing.publicKey.export({ format: 'jwk' }), kid: 'k' }] }];
    if (path === '/attest/SgxEnclave') return [200, { token: this.#attest(JSON.parse(text) as AttestBody) }];
    return [200, { value: this.#release(JSON.parse(text) as ReleaseBody) }];
  }

  #attest({ quote, runtimeData, nonce }: AttestBody): string {
    this.quotes.push(fromBase64url(quote));
    const data = fromBase64url(runtimeData.data);
    this.runtimeData.push(data);
    return this.#token({
      nonce,
      'x-ms-attestation-type': 'sgx',
      'x-ms-sgx-is-debuggable': false,
      'x-ms-sgx-mrenclave': 'ab'.repeat(32),
      'x-ms-sgx-mrsigner': 'cd'.repeat(32),
      'x-ms-sgx-product-id': 1,
      'x-ms-sgx-svn': 1,
      'x-ms-policy-hash': 'policy',
      'x-ms-runtime': JSON.parse(Buffer.from(data).toString('utf8')) as RuntimeData,
    });
  }

  #release({ kid, target, enc, nonce }: ReleaseBody): string {
    const claims = JSON.parse(Buffer.from(fromBase64url(target.split('.')[1] ?? '')).toString('utf8')) as {
      readonly 'x-ms-runtime': RuntimeData;
    };
    const key = publicKeyOfJwk({ ...claims['x-ms-runtime'].keys[0] });
    if (key === undefined) throw new Error('The client sent no key.');
    const jwe = encryptJwe(this.secret, { kid: 'k', ...nodePublicKeyOf(key) }, 'ECDH-ES+A256KW');
    return this.#token({
      'x-enclos-secret-result': 'Released',
      request: { kid, enc, nonce },
      response: { key: { key: { kid, kty: 'oct', jwe } } },
    });
  }

  #token(claims: object): string {
    const seconds = Math.floor(Date.now() / 1000);
    const times = { iss: keysUrl, iat: seconds, nbf: seconds - 10, exp: seconds + 300, jti: 'a' };
    const encode = (value: object): string => toBase64url(utf8(JSON.stringify(value)));
    const signed = `${encode({ alg: 'ES256', kid: 'k', typ: 'JWT' })}.${encode({ ...claims, ...times })}`;
    const key = { key: this.#signing.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${toBase64url(new Uint8Array(sign('sha256', utf8(signed), key)))}`;
  }
}
