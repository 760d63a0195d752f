import { isEnclosError } from '@enclos/errors';
import { isChain } from '../src/certificates/chain.ts';
import { policyTokenHash, readPolicyPayload } from '../src/policies/stored-policy.ts';
import { openManagementJws } from '../src/policies/policy-jws.ts';
import { ecKey, makeCertificate, rsaKey } from '../test/certificates.ts';
import { managerJws, permissive, policyPayload, unsignedJws } from '../test/jws.ts';

const now = new Date('2026-06-01T00:00:00Z');
const signer = makeCertificate({ key: rsaKey(), name: 'signer', ca: true });
const leaf = makeCertificate({ key: ecKey(), name: 'leaf', issuer: signer });

export const seeds: readonly Uint8Array[] = [
  unsignedJws(policyPayload(permissive)),
  unsignedJws(''),
  managerJws(policyPayload(permissive), signer),
  managerJws(policyPayload(permissive), leaf, { chain: [leaf, signer] }),
  managerJws('', signer, { alg: 'PS384' }),
].map((text) => new Uint8Array(Buffer.from(text)));

/** What a manager can send: opened or refused by one code. What is opened with a chain is signed by it. */
export function fuzz(data: Uint8Array): void {
  const text = Buffer.from(data).toString('latin1');
  try {
    const jws = openManagementJws(text, now);
    if (jws.chain.length > 0 && !isChain(jws.chain, now)) throw new Error('A chain that is none.');
    if (jws.text !== text || policyTokenHash(jws.text).length !== 43) throw new Error('Not what was sent.');
    // A signature has one spelling, and the only ones that sign here are the seeds' signers.
    if (jws.chain.length > 0 && !seeds.some((seed) => Buffer.from(seed).equals(data))) throw new Error('Forged.');
    readPolicyPayload(jws.payload);
  } catch (error) {
    if (isEnclosError(error, 'SERVICE_REQUEST_INVALID')) return;
    if (!isEnclosError(error)) throw error;
  }
}
