import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { claimAt, parseClaimPath } from '../src/release/claim-path.ts';
import { parseReleasePolicy, wrapSecret } from '../src/release/index.ts';

const claims = Object.assign(Object.create(null) as object, { a: { b: [1, { c: 'd' }] } });

export const seeds: readonly Uint8Array[] = [
  utf8(
    '{"version":"1.0.0","anyOf":[{"authority":"https://a.test","allOf":[{"claim":"a.b[1][\'c\']","equals":"d"},{"anyOf":[{"claim":"n","greater":1},{"claim":"t","exists":true}]}]}]}',
  ),
  utf8("a.b[1]['c']"),
  utf8('{"kty":"RSA","kid":"k","use":"enc","n":"AQAB","e":"AQAB"}'),
];

/** Policies, paths of claims, and the keys of requesters. What is read must be what the engine reads too. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const path = parseClaimPath(text);
  if (path !== undefined) claimAt(claims, path);
  try {
    parseReleasePolicy(text);
    JSON.parse(text);
  } catch (error) {
    if (!isEnclosError(error, 'RELEASE_POLICY_INVALID')) throw error;
  }
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return;
  try {
    wrapSecret(Uint8Array.of(1), jwk as Parameters<typeof wrapSecret>[1], 'RSA-OAEP-256');
  } catch (error) {
    if (!isEnclosError(error, 'RELEASE_KEY_REFUSED')) throw error;
  }
}
