import type { HttpRequest } from '@enclos/http';
import { clientOf } from '@enclos/service/api';
import { anonymous, createAuthenticate, type Authenticate, type Principal } from '@enclos/service/auth';
import { createClientRateLimit, createRateLimit, type ClientRateLimit, type RateLimit } from '@enclos/service/rates';
import type { TenantSite } from '../routes/call.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { ApiOptions } from './api-options.ts';

/** What is taken from before a request is answered. */
interface Rates {
  readonly discovery: RateLimit;
  readonly attestOfClient: ClientRateLimit;
  readonly attest: RateLimit;
}

/** Each tenant, with how its callers are let in. */
export function tenantSites(options: ApiOptions): readonly TenantSite[] {
  const { tenants, now, elapsed, fetchKeys, limits } = options;
  const ownIssuers = new Set(tenants.map(({ configuration }) => configuration.issuer));
  return tenants.map((served) => {
    const { issuer, management, explainRefusals } = served.configuration;
    const authenticate = createAuthenticate({ identity: management, ownIssuers, now, elapsed, fetchKeys });
    const rates = ratesOf(limits, elapsed);
    return {
      tenant: issuer,
      served,
      context: options,
      explains: explainRefusals,
      calls: createClientRateLimit(limits.callsPerClient, elapsed),
      admit: (request, { needs }) => admit(request, needs, { served, authenticate, rates }),
    };
  });
}

function ratesOf(limits: ApiOptions['limits'], elapsed: () => number): Rates {
  return {
    discovery: createRateLimit(limits.discoveryPerSecond, elapsed),
    attestOfClient: createClientRateLimit(limits.attestPerClient, elapsed),
    attest: createRateLimit(limits.attestPerSecond, elapsed),
  };
}

interface Gate {
  readonly served: Tenant;
  readonly authenticate: Authenticate;
  readonly rates: Rates;
}

async function admit(request: HttpRequest, needs: string, { served, authenticate, rates }: Gate): Promise<Principal> {
  const isOpen = needs === 'nothing' || (needs === 'attest' && served.configuration.attest === 'open');
  if (needs === 'nothing') rates.discovery.take();
  const who = isOpen ? anonymous : await authenticate(request);
  // After authentication: a caller that is not let in takes nothing from those who are.
  if (needs === 'attest') {
    // The client first: one that has used up its own share takes nothing from that of the tenant.
    rates.attestOfClient.take(who === anonymous ? clientOf(request) : who);
    rates.attest.take();
  }
  return who;
}
