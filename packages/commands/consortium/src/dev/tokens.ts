import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { utf8 } from '@enclos/codec';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { refuseUsage } from '@enclos/cli-frame';
import type { TokenIssuer } from '@enclos/consortium-app';
import { compactJws, jwsSigningInput } from '@enclos/jose';

/** A token that the sandbox accepts, and who issues it. */
export interface IssuedToken {
  readonly issuer: TokenIssuer;
  /** In compact form, ES256. */
  readonly token: string;
  /** PEM, for more tokens. */
  readonly privateKey: string;
}

const maximumClaimsLength = 65_536;
const days = 90;
const issuerName = 'https://issuer.example';

/**
 * Makes an issuer with a key, and a token of it.
 *
 * @param text the claims in JSON. `iss`, `iat`, `nbf` and `exp` are there already, and these replace them.
 * @throws CLI_USAGE for another text.
 */
export function issueToken(text: string): IssuedToken {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const usual = { iss: issuerName, iat: nowSeconds, nbf: nowSeconds - 60, exp: nowSeconds + days * 86_400 };
  const claims: JsonObject = { ...usual, ...claimsIn(text) };
  const { iss } = claims;
  if (typeof iss !== 'string' || iss === '') refuseUsage('--jwt-claims: "iss" is a text, the name of the issuer.');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const input = jwsSigningInput(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid }), JSON.stringify(claims));
  const signature = sign('sha256', utf8(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  const jwk = { ...(pair.publicKey.export({ format: 'jwk' }) as JsonObject), kid };
  return {
    issuer: { issuer: iss, jwks: { keys: [jwk] } },
    token: compactJws(input, new Uint8Array(signature)),
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function claimsIn(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(text, maximumClaimsLength);
  } catch {
    return refuseUsage(`--jwt-claims is JSON: {} or {"sub":"me"}, not ${text.slice(0, 64)}.`);
  }
  return isJsonObject(value) ? value : refuseUsage('--jwt-claims is an object in JSON: {} or {"sub":"me"}.');
}
