import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { tlsKeyPair, type SelfSigning } from './tls-key-pair.ts';

/** What `ApiServer` of `@enclos/service` is, on which this package does not depend. */
interface ApiServer {
  readonly host: string;
  readonly port: number;
  readonly credentialsFolder: string;
}

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

/**
 * An API server of Kubernetes over TLS, whose authority is in a folder as containers have it. Its first token is `first`.
 * @param selfSigned `selfSignedCertificate` of `@enclos/codec/x509`.
 */
export async function startFakeApiServer(t: TestContext, selfSigned: SelfSigning): Promise<FakeApiServer> {
  const { key, cert } = tlsKeyPair(selfSigned, '127.0.0.1');
  const seen: SeenRequest[] = [];
  let next: readonly [number, string, Readonly<Record<string, string>>] = [200, '{}', {}];
  let respond: Respond | undefined;
  const server = createServer({ key, cert }, (request, response) => {
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
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'enclos-api-server-'));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  const credentialsFolder = join(folder, 'serviceaccount');
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
