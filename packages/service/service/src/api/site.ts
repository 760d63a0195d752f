import { peerOf } from '@enclos/bounded';
import type { HttpRequest } from '@enclos/http';
import type { Authenticate } from '../auth/authenticate.ts';
import { anonymous, type Principal } from '../auth/identity.ts';
import { createClientRateLimit, createRateLimit, type ClientRateLimit } from '../rates/rate-limit.ts';
import { Refusal } from '../refusal.ts';
import type { Route } from '../routes/route.ts';

/** What a request is for: the service itself, or one of its tenants. */
export interface Site {
  /** For the audit log of a service with several tenants. */
  readonly tenant?: string;
  /** Whether its callers are told which rule refused. */
  readonly explains: boolean;
  /** Every call of an address, known or not: taken from before anything of it is verified. */
  readonly calls: ClientRateLimit;
  /**
   * Lets a caller in to a route, at once where nothing has to be waited for. @throws SERVICE_UNAUTHENTICATED,
   * SERVICE_FORBIDDEN, SERVICE_RATE_LIMITED
   */
  readonly admit: (
    request: HttpRequest,
    route: Pick<Route<never>, 'needs' | 'operation'>,
  ) => Promise<Principal> | Principal;
}

export interface SiteOptions {
  readonly explains?: boolean;
  /** How a caller proves that it has a role, by the name of the role. */
  readonly roles: Readonly<Record<string, Authenticate>>;
  readonly limits: {
    /** Calls of any kind a second from one address. 0: no limit, here and below. */
    readonly callsPerClient: number;
    /** Calls of open routes a second, of all callers together. */
    readonly openPerSecond: number;
  };
  /** Milliseconds since any point, for durations: never goes back. */
  readonly elapsed: () => number;
}

/** The site of a service without tenants: a route is open, or for one role. */
export function createSite({ explains = false, roles, limits, elapsed }: SiteOptions): Site {
  const open = createRateLimit(limits.openPerSecond, elapsed);
  return Object.freeze<Site>({
    explains,
    calls: createClientRateLimit(limits.callsPerClient, elapsed),
    admit(request, { needs, operation }) {
      if (needs === 'nothing') {
        open.take();
        return anonymous;
      }
      const authenticate = Object.hasOwn(roles, needs) ? roles[needs] : undefined;
      // A role without a way to prove it lets nothing in.
      if (authenticate === undefined) throw noSuchRole(operation);
      return authenticate(request);
    },
  });
}

function noSuchRole(operation: string): Refusal {
  return new Refusal('SERVICE_FORBIDDEN', `The call ${operation} is not open to any caller.`, {
    explanation: { rule: 'authentication', reason: 'not-configured' },
  });
}

/** The client of a request, for limits: its network, as the host tells it. */
export function clientOf({ remoteAddress }: HttpRequest): string {
  return peerOf(remoteAddress);
}
