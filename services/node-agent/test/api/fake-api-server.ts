import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';
import type { ApiServer } from '@enclos/service/cluster';
import { temporaryFolder } from '../support.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

export interface FakeApiServer {
  readonly server: ApiServer;
  readonly seen: SeenRequest[];
  /** What it answers from now on. */
  readonly answer: (status: number, body?: string, headers?: Readonly<Record<string, string>>) => void;
  /** Answers each request by itself from now on. */
  readonly answerBy: (respond: Respond) => void;
}

export type Respond = (request: SeenRequest) => readonly [status: number, object: unknown];

/** An API server over TLS, whose authority is in a folder as containers have it. */
export async function startFakeApiServer(t: TestContext): Promise<FakeApiServer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSignedCertificate({
    name: '127.0.0.1',
    serialNumber: randomBytes(16),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (bytes) => sign('sha256', bytes, privateKey),
  });
  const cert = toPem('CERTIFICATE', der);
  const seen: SeenRequest[] = [];
  let next: readonly [number, string, Readonly<Record<string, string>>] = [200, '{}', {}];
  let respond: Respond | undefined;
  const server = createServer(
    { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) },
    (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.once('end', () => {
        const one: SeenRequest = {
          method: request.method ?? '',
          path: request.url ?? '',
          token: request.headers.authorization,
          contentType: request.headers['content-type'],
          body: text === '' ? undefined : JSON.parse(text),
        };
        seen.push(one);
        const [code, object] = respond?.(one) ?? [];
        const [status, body, headers] = code === undefined ? next : [code, JSON.stringify(object), {}];
        response.writeHead(status, headers).end(body);
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const credentialsFolder = join(temporaryFolder(), 'serviceaccount');
  mkdirSync(credentialsFolder);
  writeFileSync(join(credentialsFolder, 'ca.crt'), cert);
  writeFileSync(join(credentialsFolder, 'token'), 'first\n');
  return {
    server: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, credentialsFolder },
    seen,
    answerBy: (by) => void (respond = by),
    answer: (status, body = '{}', headers = {}) => void (next = [status, body, headers]),
  };
}
