import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { readJwt, type Jwt, type SignatureAlgorithm } from '@enclos/jose';
import { verifyJwsSync } from '@enclos/jose/node';
import type { BearerConfiguration } from './identity.ts';
import type { IssuerKey } from './issuer-keys.ts';

/** Why a token does not let its bearer in. `claims`: it is good, and its bearer may not do this. */
export type BearerRefusal =
  | 'malformed'
  | 'algorithm'
  | 'key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'claims';

export interface BearerVerdict {
  /** Whose token it is, once that is proven: also of one that may not do this. */
  readonly subject?: string;
  readonly refusal?: BearerRefusal;
}

export interface BearerOptions {
  readonly configuration: BearerConfiguration;
  readonly findKey: (kid: string) => Promise<IssuerKey | undefined>;
  /** The issuers of this service's own tokens: those are given to anyone who attests, and open nothing. */
  readonly ownIssuers: ReadonlySet<string>;
  readonly now: Date;
}

const algorithms: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
] satisfies readonly SignatureAlgorithm[]);
const maximumToken = 16_384;
/** How far the clocks of issuer and host may be apart, in seconds. */
const skew = 60;

/**
 * Verifies a bearer token (RFC 7519) of the configured issuer. The algorithm is one of a list, and the key's kind has
 * to be that of the algorithm: no public key is ever taken for a secret.
 */
export async function verifyBearer(token: string, options: BearerOptions): Promise<BearerVerdict> {
  const jwt = readToken(token);
  if (typeof jwt === 'string') return { refusal: jwt };
  const { header, algorithm, claims } = jwt;
  if (!algorithms.has(algorithm)) return { refusal: 'algorithm' };
  // Before any key is looked up: the issuer of a stranger must not make us fetch anything.
  const { iss } = claims;
  if (iss !== options.configuration.issuer || options.ownIssuers.has(iss)) return { refusal: 'issuer' };
  const { kid } = header;
  const found = typeof kid === 'string' ? await options.findKey(kid) : undefined;
  if (found === undefined) return { refusal: 'key' };
  if (found.algorithm !== undefined && found.algorithm !== algorithm) return { refusal: 'algorithm' };
  if (!verifyJwsSync(jwt, found.key)) return { refusal: 'signature' };
  return judgeClaims(claims, options);
}

function readToken(token: string): Jwt | 'algorithm' | 'malformed' {
  try {
    const jwt = readJwt(token, { maxLength: maximumToken });
    // Tokens of attestation services carry a `jku`; those of issuers do not, and it is never followed here.
    return 'jku' in jwt.header ? 'malformed' : jwt;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return error.details['rule'] === 'algorithm' ? 'algorithm' : 'malformed';
  }
}

function judgeClaims(claims: JsonObject, { configuration, now }: BearerOptions): BearerVerdict {
  const seconds = now.getTime() / 1000;
  const { exp, nbf, sub } = claims;
  if (!configuration.audience.some((audience) => hasValue(claims['aud'], audience))) return { refusal: 'audience' };
  if (typeof exp !== 'number' || seconds >= exp + skew) return { refusal: 'expired' };
  if (nbf !== undefined && (typeof nbf !== 'number' || seconds < nbf - skew)) return { refusal: 'not-yet-valid' };
  const subject = typeof sub === 'string' ? sub : '';
  const wanted = Object.entries(configuration.requiredClaims ?? {});
  if (!wanted.every(([name, value]) => hasValue(claims[name], value))) return { subject, refusal: 'claims' };
  return { subject };
}

/** A claim that is this text, or a list with it. */
function hasValue(claim: JsonValue | undefined, value: string): boolean {
  return claim === value || (Array.isArray(claim) && claim.includes(value));
}
