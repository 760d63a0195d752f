import type { Tenant } from '../tenants/tenant.ts';

/** Finds the tenant that a request is for, by its Host header (RFC 9110 section 7.2). */
export type FindTenant<T> = (host: string | undefined) => T | undefined;

/**
 * A tenant answers for exactly the authority of its issuer, and the only tenant for no other one either: a client that
 * came by another name would get tokens of an issuer that it did not ask, and a name that resolves here by somebody's
 * doing would be served.
 */
export function tenantsByHost<T extends { readonly tenant: Tenant }>(tenants: readonly T[]): FindTenant<T> {
  const byAuthority = new Map(tenants.map((one) => [new URL(one.tenant.configuration.issuer).host, one]));
  return (host) => (host === undefined ? undefined : byAuthority.get(host.toLowerCase().replace(/:443$/, '')));
}
