import { execFileSync } from 'node:child_process';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What an issuer has to say. `down`: connections end before an answer. */
export interface IssuerDocuments {
  readonly configuration: object;
  readonly keys: object;
}

/** Issuers of OpenID Connect that share an address, as they do behind a proxy: the Host header tells them apart. */
export interface IdentityProvider {
  readonly port: number;
  /** The root of its certificate, in PEM. */
  readonly root: string;
  readonly issuers: Map<string, IssuerDocuments | 'down'>;
  /** How many requests came for each name. */
  readonly requests: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** An issuer that says what it should. */
export function goodIssuer(host: string, keys: readonly object[]): IssuerDocuments {
  return {
    configuration: { issuer: `https://${host}`, jwks_uri: `https://${host}/keys` },
    keys: { keys },
  };
}

/** A root of its own, in PEM, in `folder`. */
export function makeRoot(folder: string, name: string): { readonly key: string; readonly cert: string } {
  const files = { key: join(folder, `${name}.key.pem`), cert: join(folder, `${name}.pem`) };
  openssl(files, name, ['-addext', 'basicConstraints=critical,CA:TRUE']);
  return files;
}

/**
 * @param folder where keys and certificates are made
 * @param names what its certificate is for
 */
export async function startIdentityProvider(folder: string, names: readonly string[]): Promise<IdentityProvider> {
  const root = makeRoot(folder, 'issuer-root');
  const leaf = { key: join(folder, 'issuer.key.pem'), cert: join(folder, 'issuer.pem') };
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
  openssl(leaf, 'issuer', ['-CA', root.cert, '-CAkey', root.key, '-addext', alternatives]);
  const issuers = new Map<string, IssuerDocuments | 'down'>();
  const requests = new Map<string, number>();
  const server = createServer({ key: readFileSync(leaf.key), cert: readFileSync(leaf.cert) }, (request, response) => {
    const { host = '' } = request.headers;
    requests.set(host, (requests.get(host) ?? 0) + 1);
    const documents = issuers.get(host);
    if (documents === 'down') return void request.socket.destroy();
    const document = request.url === '/keys' ? documents?.keys : documents?.configuration;
    if (document === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  return Object.freeze<IdentityProvider>({
    port,
    root: readFileSync(root.cert, 'utf8'),
    issuers,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
}

function openssl(files: { readonly key: string; readonly cert: string }, name: string, more: readonly string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', files.key];
  const words = ['req', '-x509', ...key, '-days', '30', '-subj', `/CN=${name}`, '-out', files.cert, ...more];
  execFileSync('openssl', words, { stdio: 'ignore' });
}
