import { generateKeyPairSync } from 'node:crypto';
import { createAttestationClient, type VerifiedToken } from '@enclos/attestation/client';
import { isEnclosError } from '@enclos/errors';
import { SignJWT } from 'jose';

export const issuer = 'https://maa.example.test';
const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pinned = { keys: [{ ...(signer.publicKey.export({ format: 'jwk' }) as Record<string, string>), kid: 'k' }] };
const seconds = 1_800_000_000;
const client = createAttestationClient({
  endpoint: issuer,
  now: () => new Date(seconds * 1000),
  keys: { pinned },
});

const sgx = {
  'x-ms-attestation-type': 'sgx',
  'x-ms-sgx-is-debuggable': false,
  'x-ms-sgx-mrenclave': 'ab'.repeat(32),
  'x-ms-sgx-mrsigner': 'cd'.repeat(32),
  'x-ms-sgx-product-id': 4,
  'x-ms-sgx-svn': 7,
};

/** A token of an SGX enclave with these claims too, verified by a client. */
export async function tokenWith(claims: Readonly<Record<string, unknown>> = {}): Promise<VerifiedToken> {
  const jwt = await new SignJWT({ ...sgx, ...claims, iss: issuer, iat: seconds, exp: seconds + 60 })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(signer.privateKey);
  return client.verifyToken(jwt, { attestationType: 'sgx' });
}

/** For assert.rejects and assert.throws: the code, and one of the details. */
export function refusal(code: string, details: Readonly<Record<string, unknown>>): (error: unknown) => boolean {
  return (error) => {
    if (!isEnclosError(error) || error.code !== code) throw error;
    for (const [name, value] of Object.entries(details)) if (error.details[name] !== value) throw error;
    return true;
  };
}
