import { BoundedMap } from '@enclos/bounded';
import { fromBase64, utf8 } from '@enclos/codec';
import { isJsonArray, isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { publicKeyOfSpki, readJwt, type Jwt } from '@enclos/jose';
import { nodePublicKeyOf, verifyJwsSync, type NodePublicKey } from '@enclos/jose/node';
import type { KvTransaction } from '@enclos/kv';
import type { AuthnContext, AuthnFinding } from '../contract/caller.ts';

const signingKeys = 'public:ccf.gov.jwt.public_signing_keys_metadata_v2';
const maximumTokenLength = 16_384;
const maximumRowLength = 1_048_576;
/** One kid is seldom published by more than two issuers. Each key of a row may cost a signature to verify. */
const maximumKeysOfKid = 16;
/** As CCF keeps (src/endpoints/authentication/jwt_auth.cpp). */
const keys = new BoundedMap<NodePublicKey>(10);

/** A key that governance or a refresh wrote. */
interface SigningKey {
  /** SubjectPublicKeyInfo, DER in base64. */
  readonly publicKey: string;
  readonly issuer: string;
  readonly constraint: string | undefined;
}

interface Claims {
  readonly kid: string;
  readonly exp: number;
  readonly iss: string;
  readonly nbf: number;
  readonly tid: string | undefined;
}

/** `jwt`: a bearer token that a key of the store signed (CCF, src/endpoints/authentication/jwt_auth.cpp). */
export function authenticateToken({ request, transaction, nowSeconds }: AuthnContext): AuthnFinding {
  const header = request.headers.get('authorization');
  if (header === undefined) return { refusal: 'Missing authorization header' };
  const space = header.indexOf(' ');
  if (space === -1) return { refusal: 'Authorization header only contains one field' };
  if (header.slice(0, space) !== 'Bearer') return { refusal: 'Authorization header does not have Bearer scheme' };
  const token = readToken(header.slice(space + 1));
  if ('refusal' in token) return token;
  const { jwt, claims } = token;
  const candidates = keysOf(transaction, claims.kid);
  if (candidates.length === 0) return { refusal: `JWT signing key not found for kid ${claims.kid}` };
  let refusal = 'Signature verification failed';
  for (const { publicKey, issuer, constraint } of candidates) {
    const found = isSignedBy(jwt, publicKey)
      ? refusalByClaims(claims, constraint, nowSeconds)
      : 'Signature verification failed';
    if (found === undefined) {
      return { caller: { policy: 'jwt', jwt: { keyIssuer: issuer, header: jwt.header, payload: jwt.claims } } };
    }
    refusal = found;
  }
  return { refusal };
}

function readToken(text: string): { readonly jwt: Jwt; readonly claims: Claims } | { readonly refusal: string } {
  if (text.split('.', 4).length !== 3) return { refusal: 'Malformed JWT: must contain exactly 3 parts' };
  let jwt;
  try {
    jwt = readJwt(text, { maxLength: maximumTokenLength, algorithms: ['RS256', 'ES256'] });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return { refusal: `JWT header does not follow schema: ${error.message}` };
  }
  const { kid } = jwt.header;
  if (typeof kid !== 'string') return { refusal: 'JWT header does not follow schema: kid is missing.' };
  const { exp, iss, nbf = 0, tid } = jwt.claims;
  if (typeof exp !== 'number' || typeof iss !== 'string' || typeof nbf !== 'number') {
    return { refusal: 'JWT payload is missing required field: exp and iss are wanted.' };
  }
  return { jwt, claims: { kid, exp, iss, nbf, tid: typeof tid === 'string' ? tid : undefined } };
}

function keysOf(transaction: KvTransaction, kid: string): readonly SigningKey[] {
  const row = transaction.map(signingKeys).get(utf8(kid));
  const list = row === undefined ? undefined : parseJsonBytes(row, maximumRowLength);
  if (list === undefined || !isJsonArray(list)) return [];
  return list.slice(0, maximumKeysOfKid).flatMap((entry) => {
    if (!isJsonObject(entry)) return [];
    const { public_key: publicKey, issuer, constraint } = entry;
    if (typeof publicKey !== 'string' || typeof issuer !== 'string') return [];
    return [{ publicKey, issuer, constraint: typeof constraint === 'string' ? constraint : undefined }];
  });
}

function isSignedBy(jwt: Jwt, publicKey: string): boolean {
  try {
    const key = keys.get(publicKey) ?? nodePublicKeyOf(publicKeyOfSpki(fromBase64(publicKey)));
    keys.set(publicKey, key);
    return verifyJwsSync(jwt, key);
  } catch (error) {
    // A key that governance wrote and that is none verifies nothing.
    if (!isEnclosError(error)) throw error;
    return false;
  }
}

function refusalByClaims(claims: Claims, constraint: string | undefined, nowSeconds: number): string | undefined {
  const { kid, exp, nbf } = claims;
  if (nowSeconds < nbf) return `Current time ${nowSeconds} is before token's Not Before (nbf) claim ${nbf}`;
  if (nowSeconds > exp) return `Current time ${nowSeconds} is after token's Expiration Time (exp) claim ${exp}`;
  if (constraint === undefined || isIssuedWithin(claims, constraint)) return undefined;
  return `Kid ${kid} failed issuer constraint validation ${constraint}`;
}

const entraHost = 'login.microsoftonline.com';

/** Entra serves many tenants with one key: there the token must name its tenant, and its issuer must be that tenant's. */
function isIssuedWithin({ iss, tid }: Claims, constraint: string): boolean {
  if (urlOf(constraint)?.hostname !== entraHost) return iss === constraint && tid === undefined;
  if (tid === undefined || iss !== constraint.replace('{tenantid}', () => tid)) return false;
  const [tenant] =
    urlOf(iss)
      ?.pathname.split('/')
      .filter((part) => part !== '') ?? [];
  return tenant === tid;
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
