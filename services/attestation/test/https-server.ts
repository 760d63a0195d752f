import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { ecKey, makeCertificate } from './certificates.ts';

export interface HttpsServer {
  readonly url: string;
  /** What clients have to trust, in PEM. */
  readonly ca: string;
  handler: (request: HttpRequest) => Promise<HttpResponse>;
  close(): Promise<void>;
}

/** Puts a handler behind Node's own HTTPS server on localhost, as the server inside an enclave would. */
export async function startHttps(): Promise<HttpsServer> {
  const certificate = makeCertificate({ key: ecKey(), name: 'localhost', ca: true });
  const key = certificate.key.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer(
    { key, cert: certificate.pem, requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
        const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
        const peer = (incoming.socket as TLSSocket).getPeerX509Certificate();
        const { status, headers, body } = await started.handler({
          method: incoming.method ?? '',
          path,
          query: new URLSearchParams(query),
          search: query === '' ? '' : `?${query}`,
          headers: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
          body: new Uint8Array(Buffer.concat(chunks)),
          remoteAddress: incoming.socket.remoteAddress ?? '',
          clientCertificate: peer === undefined ? undefined : new Uint8Array(peer.raw),
          clientCertificateChain: [],
        });
        outgoing.writeHead(status, headers).end(body);
      })();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  const started: HttpsServer = {
    url: `https://localhost:${port}`,
    ca: certificate.pem,
    handler: () => Promise.resolve({ status: 503 }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return started;
}
