import type { HttpRequest } from '@enclos/http';
import { Refusal } from '@enclos/service/refusal';

/**
 * Finds the tenant that a request is for, by its Host header (RFC 9110 section 7.2). A tenant answers for exactly the
 * authority of its issuer, and even the only tenant for no other one: a client that came by another name would get tokens of
 * an issuer that it did not ask, and any name that someone points here would be served.
 * @throws SERVICE_NOT_FOUND by what it returns
 */
export function tenantsByHost<T extends { readonly tenant: string }>(tenants: readonly T[]): (r: HttpRequest) => T {
  const byAuthority = new Map<string, T>();
  for (const one of tenants) {
    const { host, port } = new URL(one.tenant);
    byAuthority.set(host, one);
    // The port of https is left out of an issuer, and clients may spell it.
    if (port === '') byAuthority.set(`${host}:443`, one);
  }
  return ({ headers }) => {
    const found = byAuthority.get(headers.get('host')?.toLowerCase() ?? '');
    if (found !== undefined) return found;
    throw new Refusal('SERVICE_NOT_FOUND', 'No tenant has the name of the Host header.');
  };
}
