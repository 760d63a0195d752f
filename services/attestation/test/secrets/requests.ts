import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { b64url } from '../jws.ts';
import { issuer, type TestSite } from '../site.ts';

export const measurement = 'ab'.repeat(32);
export const secret = new Uint8Array(Buffer.from('the secret of the tests'));
const requester = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const requesterKey: KeyObject = requester.privateKey;

/** The key of a requester as it stands in the runtime data. */
export function requesterJwk(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { ...requester.publicKey.export({ format: 'jwk' }), kid: 'wrap', use: 'enc', ...changes };
}

/** Who has this measurement, by this service's word. */
export function releasePolicy(mrEnclave = measurement, authority = issuer): object {
  const condition = { claim: 'x-ms-sgx-mrenclave', equals: mrEnclave };
  return { version: '1.0.0', anyOf: [{ authority, allOf: [condition] }] };
}

export function secretBody(policy: object = releasePolicy()): {
  readonly secret: string;
  readonly releasePolicy: object;
} {
  return { secret: b64url(secret), releasePolicy: policy };
}

export function attestedClaims(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    'x-ms-attestation-type': 'sgx',
    'x-ms-sgx-is-debuggable': false,
    'x-ms-sgx-mrenclave': measurement,
    'x-ms-sgx-mrsigner': 'cd'.repeat(32),
    'x-ms-sgx-product-id': 4,
    'x-ms-sgx-svn': 7,
    'x-ms-runtime': { keys: [requesterJwk()] },
    ...changes,
  };
}

/** A token as the service gives it for evidence of an enclave with the key of the requester. */
export function attestedToken({ tenant }: TestSite, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const claims = attestedClaims(changes) as Parameters<typeof tenant.signer.sign>[0];
  return tenant.signer.sign(claims);
}
