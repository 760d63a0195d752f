import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent, request as requestTls, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { createTlsIdentity } from '@enclos/enclave';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { loadHttp, type HttpEnclave } from '../src/http-host.ts';
import { createWorkshop, type SignedImage } from '../src/index.ts';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
let http: HttpEnclave;
let ca: string;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('http');
  http = await loadHttp(platform, signed);
  ca = await http.call.certificate();
});
after(async () => {
  await http.enclave.dispose();
  await workshop.close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly resumed: boolean;
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  readonly client: string | null;
  readonly chain: readonly string[];
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const seen = ({ body }: Answer): Seen => JSON.parse(body.toString()) as Seen;

/** With the client of node:https. */
function ask(options: RequestOptions & { readonly body?: Uint8Array | undefined }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const target = { host: '127.0.0.1', port: http.securedPort, servername: 'http.test', ca, ...rest };
    const request = requestTls(target, (response) => {
      const chunks: Buffer[] = [];
      const { session } = { session: (response.socket as { isSessionReused?: () => boolean }).isSessionReused?.() };
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
          resumed: session ?? false,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('HTTPS that ends in an enclave', () => {
  test('a request arrives as it was sent, and its answer as it was given', async () => {
    const body = Buffer.from('a body');
    const answer = await ask({ path: '/a%20b/../c?x=1&x=%C3%BC', method: 'POST', headers: { 'X-Mine': 'yes' }, body });
    const { method, path, query, headers, bodySha256, client } = seen(answer);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(
      { method, path, query },
      {
        method: 'POST',
        path: '/a%20b/../c',
        query: [
          ['x', '1'],
          ['x', 'ü'],
        ],
      },
    );
    assert.equal(headers['x-mine'], 'yes');
    assert.equal(bodySha256, sha256(body));
    assert.equal(client, null);
  });

  test('a client certificate comes with each request, whoever signed it', async () => {
    const identity = createTlsIdentity('client.test');
    const leaf = sha256(new X509Certificate(identity.cert).raw);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 2; i++) {
      const { client, chain } = seen(await ask({ agent, ...identity }));
      assert.deepEqual({ client, chain }, { client: leaf, chain: [] });
    }
    agent.destroy();
  });
});
