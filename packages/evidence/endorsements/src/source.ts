import { refuseRequest } from './refusal.ts';
import type { ItemRequest } from './request.ts';

/** The forms in which services send an item. `crl` is hex, base64, DER or PEM. */
export type ItemForm = 'json' | 'crl' | 'pem' | 'certificate' | 'azure-amd';

/** How one item is asked for. */
export interface Route {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form: ItemForm;
  /** Headers of the answer that may hold the issuer's chain, URL-encoded; the first one present is used. */
  readonly chainHeaders?: readonly string[];
}

export interface RouteContext {
  /** The address of the revocation list in the root certificate. It comes from the network, so it is not trusted. */
  readonly distributionPoint?: string;
}

/** A collateral service. */
export interface Source {
  /** Kind and address: items of one source are kept apart from those of others. */
  readonly id: string;
  /** @throws ENDORSEMENTS_REQUEST_INVALID when this service has no such items. */
  route(request: ItemRequest, context: RouteContext): Route;
}

/** Azure's instance metadata service: link-local, and never TLS. */
export const metadataHost = '169.254.169.254';

/**
 * Reads the address of a service. TLS, unless it is this machine or its
 * metadata service.
 * @throws ENDORSEMENTS_REQUEST_INVALID
 */
export function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : refuseRequest(`${JSON.stringify(text)} is not a URL.`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    refuseRequest('The address of a service has no user, query or fragment.');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal(url.hostname))) {
    refuseRequest(`${url.origin} is neither https nor this machine.`);
  }
  return url;
}

/** Loopback, or the metadata service of the host. */
function isLocal(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === metadataHost ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/** The address of a resource below that of its service. Absent parameters are left out. */
export function resourceUrl(base: URL, path: string, query: Readonly<Record<string, string | undefined>> = {}): URL {
  const url = new URL(base.pathname.replace(/\/+$/, '') + path, base);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** @throws ENDORSEMENTS_REQUEST_INVALID always. */
export function refuseKind(source: string, { kind }: ItemRequest): never {
  return refuseRequest(`${source} has no ${kind}.`);
}
