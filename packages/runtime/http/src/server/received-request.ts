import type { RequestHead } from '../reading/request-reader.ts';
import type { ReceivedRequest } from '../types.ts';
import type { ClientCertificates } from './client-certificates.ts';

/** What a server knows of a client, beside its requests. */
export interface Sender {
  readonly remoteAddress: string;
  readonly certificates: ClientCertificates;
}

/** A request as its handler gets it. */
export function receivedRequest<Body>(
  { method, path, query, headers }: RequestHead,
  body: Body,
  { remoteAddress, certificates }: Sender,
): ReceivedRequest & { readonly body: Body } {
  return Object.freeze({
    method,
    path,
    // With a `?`, because URLSearchParams would drop one with which the query itself begins.
    query: new URLSearchParams(`?${query}`),
    search: query === '' ? '' : `?${query}`,
    headers,
    remoteAddress,
    clientCertificate: certificates.leaf,
    clientCertificateChain: certificates.chain,
    body,
  });
}
