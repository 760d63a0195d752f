import { createHash } from 'node:crypto';
import { toBase64url } from '@enclos/codec';
import { Refusal } from '../refusal.ts';
import type { HttpRequest } from '@enclos/http';
import { verifyBearer, type BearerRefusal } from './bearer.ts';
import { knownCertificate } from './client-certificate.ts';
import type { BearerConfiguration, FetchKeys, IdentityConfiguration, Principal } from './identity.ts';
import { IssuerKeys, keySetOf, type IssuerKey } from './issuer-keys.ts';

/** Lets a request in, or throws. */
export type Authenticate = (request: HttpRequest) => Promise<Principal>;

export interface AuthenticateOptions {
  /** Without any way to prove an identity, nothing is let in. */
  readonly identity: IdentityConfiguration;
  /** The issuers of this service's own tokens, which open nothing. */
  readonly ownIssuers: ReadonlySet<string>;
  readonly now: () => Date;
  readonly elapsed: () => number;
  /** Needed when the issuer of bearer tokens has no `keys` in the configuration. */
  readonly fetchKeys?: FetchKeys | undefined;
}

/** One value of one scheme (RFC 6750 section 2.1). Two headers that were joined by a comma do not match. */
const bearerPattern = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** How callers prove that they have a role. @throws a CODEC error for configured keys that are not keys. */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { bearer, clientCertificates = [] } = options.identity;
  const findKey = bearer === undefined ? undefined : keyFinder(bearer, options);
  return async (request) => {
    const now = options.now();
    const fingerprint = knownCertificate(request.clientCertificate, clientCertificates, now);
    if (fingerprint !== undefined) return `certificate:${fingerprint}`;
    if (bearer === undefined || findKey === undefined) throw withoutBearer(request, options.identity);
    const token = bearerPattern.exec(request.headers.get('authorization') ?? '')?.[1];
    if (token === undefined) throw unauthorized(request, bearer);
    const verdict = await verifyBearer(token, {
      configuration: bearer,
      findKey,
      ownIssuers: options.ownIssuers,
      now,
    });
    const { subject, refusal } = verdict;
    if (subject === undefined) throw unauthorized(request, bearer, refusal);
    const who = `sub:${pseudonym(bearer.issuer, subject)}`;
    if (refusal !== undefined) throw forbidden(request, who);
    return who;
  };
}

function keyFinder(
  { issuer, keys, certificateAuthorities = [] }: BearerConfiguration,
  { fetchKeys, elapsed }: AuthenticateOptions,
): (kid: string) => Promise<IssuerKey | undefined> {
  if (keys !== undefined) {
    // JSON in, JSON out: the configuration's type is wider than what its parser lets through.
    const set = keySetOf(JSON.parse(JSON.stringify(keys.keys)) as Parameters<typeof keySetOf>[0]);
    return (kid) => Promise.resolve(set.get(kid));
  }
  const fetched = new IssuerKeys({
    fetch: async () => {
      if (fetchKeys === undefined) throw new Error('There is nothing to fetch keys with.');
      return fetchKeys(issuer, { certificateAuthorities });
    },
    elapsed,
  });
  return (kid) => fetched.find(kid);
}

/** A subject is a person, often: the log tells whether two calls are of the same one. */
function pseudonym(issuer: string, subject: string): string {
  return toBase64url(
    createHash('sha256')
      .update(JSON.stringify([issuer, subject]))
      .digest(),
  );
}

/** The text of Azure's; the challenge is that of RFC 6750 section 3 with the parameters that Azure's clients look for. */
function unauthorized(
  { path }: HttpRequest,
  { issuer, audience: [resource = ''] }: BearerConfiguration,
  refusal?: BearerRefusal,
): Refusal {
  const challenge = `Bearer authorization_uri="${issuer}", resource="${resource}"`;
  return new Refusal('SERVICE_UNAUTHENTICATED', `Access to ${path} requires a valid JWT bearer token`, {
    explanation: { rule: 'authentication', reason: refusal ?? 'absent' },
    details: { challenge: refusal === undefined ? challenge : `${challenge}, error="invalid_token"` },
  });
}

function withoutBearer({ path }: HttpRequest, { clientCertificates = [] }: IdentityConfiguration): Refusal {
  if (clientCertificates.length === 0) {
    return new Refusal(
      'SERVICE_FORBIDDEN',
      'No caller is let in: the configuration names no way to prove an identity.',
      {
        explanation: { rule: 'authentication', reason: 'not-configured' },
      },
    );
  }
  return new Refusal('SERVICE_UNAUTHENTICATED', `Access to ${path} requires a known client certificate`, {
    explanation: { rule: 'authentication', reason: 'certificate' },
  });
}

function forbidden({ path }: HttpRequest, who: Principal): Refusal {
  return new Refusal('SERVICE_FORBIDDEN', `The bearer of this token may not access ${path}`, {
    explanation: { rule: 'authentication', reason: 'claims', who },
  });
}
