import type { Tenant } from '../tenants/tenant.ts';

/** Finds the tenant that a request is for, by its Host header (RFC 9110 section 7.2). */
export type FindTenant<T> = (host: string | undefined) => T | undefined;

/**
 * A tenant answers for exactly the authority of its issuer, and the only tenant for no other one either: a client that
 * came by another name would get tokens of an issuer that it did not ask, and a name that resolves here by somebody's
 * doing would be served.
 */
export function tenantsByHost<T extends { readonly tenant: Tenant }>(tenants: readonly T[]): FindTenant<T> {
  const byAuthority = new Map<string, T>();
  for (const one of tenants) {
    const { host, port } = new URL(one.tenant.configuration.issuer);
    byAuthority.set(host, one);
    // The port of https is left out of an issuer, and clients may spell it.
    if (port === '') byAuthority.set(`${host}:443`, one);
  }
  return (host) => (host === undefined ? undefined : byAuthority.get(host.toLowerCase()));
}
