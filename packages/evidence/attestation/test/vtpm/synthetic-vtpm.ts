import { createHash } from 'node:crypto';
import { fromHex, toHex } from '@enclos/codec';
import {
  azureAttestationKey,
  azureReportData,
  encodeTdReportArea,
  encodeTpmAttest,
  exampleAzureNonce,
  exampleAzureRuntime,
  examplePcrs,
  otherAzureKey,
  signTpmAttest,
  type RsaKeyPair,
  type TpmAttestFields,
} from '@enclos/evidence-kit';
import type { AzureEvidence } from '../../src/index.ts';

export { azureJwk as jwk, encodeHclReport as makeHclReport } from '@enclos/evidence-kit';
export type { HclReportFields as HclSpec, TpmAttestFields as AttestSpec } from '@enclos/evidence-kit';

export const goodRuntime = exampleAzureRuntime();
export const nonce = exampleAzureNonce;
export const pcrValues = examplePcrs;
export const otherKey = otherAzureKey();

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** What the hardware's report data must be for a runtime. */
export function reportDataFor(text: string): string {
  return toHex(azureReportData(text));
}

/** A TDREPORT, as the HCL report holds it; only type and report data matter here. */
export function makeTdReport(reportData: string, change?: Parameters<typeof encodeTdReportArea>[1]): Uint8Array {
  return encodeTdReportArea(fromHex(reportData), change);
}

export function makeAttestation(change: Partial<TpmAttestFields> = {}): Uint8Array {
  return encodeTpmAttest({ extraData: nonce, ...change });
}

export function makeTpmQuote(
  message = makeAttestation(),
  key: RsaKeyPair = azureAttestationKey(),
): AzureEvidence['tpmQuote'] {
  return { message, signature: signTpmAttest(message, key), pcrs: pcrValues };
}
