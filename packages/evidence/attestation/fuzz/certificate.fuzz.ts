import { parseBasicConstraints, parseKeyUsage } from '@enclos/codec/x509';
import { parseP256Certificate } from '../src/x509/p256-certificate.ts';
import { isEnclosError } from '@enclos/errors';
import { decodeCertificates } from '../src/x509/pem.ts';
import { makePlatform } from '../test/synthetic-platform.ts';

const { collateral } = await makePlatform();

export const seeds: readonly Uint8Array[] = decodeCertificates(collateral.tcb_info_issuer_chain);

/** Certificates, and the extensions that the chain rules read. */
export function fuzz(data: Uint8Array): void {
  try {
    for (const value of parseP256Certificate(data).extensions.values()) {
      swallow(() => parseBasicConstraints(value));
      for (const form of ['canonical', 'padded'] as const) swallow(() => parseKeyUsage(value, form));
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}

function swallow(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
