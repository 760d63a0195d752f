import { request } from 'node:https';
import { connect } from 'node:tls';

/** One request to a service on loopback, over its TLS. */
export interface ServiceCall {
  readonly port: number;
  /** PEM: what the certificate of the service must lead to. */
  readonly ca: string;
  /** The name of the tenant. Default: localhost. */
  readonly host?: string;
  readonly path: string;
  /** Sent as JSON, by POST. Without one the call is a GET. */
  readonly body?: object;
  readonly bearer?: string;
  /** A client certificate and its key, in PEM. */
  readonly identity?: { readonly key: string; readonly cert: string };
}

export interface ServiceAnswer {
  readonly status: number;
  /** From JSON. */
  readonly body: unknown;
}

/** As the service tells of a refusal. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

/** Reaches 127.0.0.1 whatever the tenant's name is: names below localhost are in no resolver of some machines. */
export async function callService(call: ServiceCall): Promise<ServiceAnswer> {
  const { status, text } = await textOf(call);
  return { status, body: JSON.parse(text) };
}

function textOf(call: ServiceCall): Promise<{ readonly status: number; readonly text: string }> {
  const { port, ca, host = 'localhost', path, body, bearer, identity } = call;
  const sentText = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    host: `${host}:${port}`,
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(sentText === undefined ? {} : { 'content-type': 'application/json', 'content-length': sentText.length }),
  };
  const method = sentText === undefined ? 'GET' : 'POST';
  const options = { host: '127.0.0.1', servername: host, port, path, method, headers, ca, agent: false, ...identity };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: String(Buffer.concat(chunks)) }));
    });
    sent.on('error', reject);
    sent.end(sentText);
  });
}

/** Status and code of a refusal, to compare. */
export function refusalOf({ status, body }: ServiceAnswer): readonly [number, string] {
  return [status, (body as Partial<ErrorBody>).error?.code ?? 'none'];
}

/** The certificate that a service on loopback shows, DER: whoever made it. */
export function shownCertificate(port: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new Uint8Array(raw));
    });
    socket.on('error', reject);
  });
}
