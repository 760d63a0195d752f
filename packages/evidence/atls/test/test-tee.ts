import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Appraiser, EvidenceSource, PresentedEvidence } from '../src/index.ts';

/**
 * A platform of its own kind, which no package knows: it signs 32 bytes of
 * measurement and the report data with a key that relying parties trust. It
 * shows that the protocol needs nothing of SGX, and makes evidence as fast as
 * the tests want it.
 */
export interface TestTee {
  /** What the enclave of this measurement can ask for. */
  evidenceOf(measurement: string): EvidenceSource;
  /** Accepts these measurements. */
  appraiser(policy: TestPolicy): Appraiser<TestEvidence>;
}

export interface TestPolicy {
  measurements: readonly string[];
}

export interface TestEvidence {
  readonly measurement: string;
  readonly reportData: string;
  readonly endorsements: string;
}

const measurementBytes = 32;

export function createTestTee(): TestTee {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    evidenceOf: (measurement) => (reportData) => Promise.resolve(quoteOf(measurement, reportData, privateKey)),
    appraiser: (policy) => async (presented) => {
      const evidence = verified(presented, publicKey);
      if (!policy.measurements.includes(evidence.measurement)) refuse('measurement');
      if (evidence.reportData !== toHex(presented.reportData)) refuse('binding');
      return evidence;
    },
  };
}

function quoteOf(measurement: string, reportData: Uint8Array, key: KeyObject): Uint8Array {
  const named = new Uint8Array(measurementBytes);
  named.set(utf8(measurement));
  const body = concatBytes(named, reportData);
  return concatBytes(body, new Uint8Array(sign(null, body, key)));
}

function verified({ quote, endorsements }: PresentedEvidence, key: KeyObject): TestEvidence {
  const body = quote.subarray(0, measurementBytes + 64);
  if (!verify(null, body, key, quote.subarray(body.length))) {
    throw new EnclosError('EVIDENCE_REFUSED', 'The quote is not signed by the platform.');
  }
  const named = Buffer.from(body.subarray(0, measurementBytes)).toString();
  return Object.freeze({
    measurement: named.replace(/\0+$/, ''),
    reportData: toHex(body.subarray(measurementBytes)),
    endorsements: Buffer.from(endorsements).toString(),
  });
}

function refuse(field: string): never {
  throw new EnclosError('APPRAISAL_REFUSED', 'Not accepted.', { details: { field } });
}
