import type { PublishedKey } from '@enclos/service/peers';
import type { Answer } from '@enclos/service/routes';
import type { Call } from './call.ts';

/** GET /certs. @returns JWKS (RFC 7517 section 5) */
export async function certs({ request, tenant }: Call): Promise<Answer> {
  const keys = await tenant.signer.publishedKeys();
  return { body: { keys: keys.map(jwkOf) }, contentType: keySetType(request.headers.get('accept') ?? '') };
}

function jwkOf({ kid, kty, alg, jwk, x5c }: PublishedKey): Readonly<Record<string, unknown>> {
  return { ...jwk, kty, kid, alg, use: 'sig', x5c };
}

/** Azure's clients name both types and parse `application/json` only, so the other is for clients that take nothing else. */
function keySetType(accept: string): string {
  const types = accept.split(',').map((item) => item.split(';', 1).join('').trim().toLowerCase());
  return types.includes('application/jwk+json') && types.every((type) => type === 'application/jwk+json')
    ? 'application/jwk+json'
    : 'application/json; charset=utf-8';
}

/** Names of claims that tokens may have, whatever the policy. */
const claims: readonly string[] = Object.freeze([
  'iss',
  'iat',
  'nbf',
  'exp',
  'jti',
  'nonce',
  'x-ms-ver',
  'x-ms-attestation-type',
  'x-ms-policy-hash',
  'x-ms-policy-signer',
  'x-ms-runtime',
  'x-ms-inittime',
  'x-ms-sgx-is-debuggable',
  'x-ms-sgx-product-id',
  'x-ms-sgx-mrsigner',
  'x-ms-sgx-mrenclave',
  'x-ms-sgx-svn',
  'x-ms-sgx-ehd',
  'x-ms-sgx-collateral',
  'x-enclos-platform',
]);

/** GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0 section 3). */
export function openidConfiguration({ tenant }: Call): Promise<Answer> {
  const { issuer, tokens } = tenant.configuration;
  return Promise.resolve({
    body: {
      issuer,
      jwks_uri: `${issuer}/certs`,
      response_types_supported: ['token', 'none'],
      id_token_signing_alg_values_supported: [tokens.algorithm],
      claims_supported: claims,
    },
  });
}
