import { createHash } from 'node:crypto';
import {
  parseCollateral,
  softwareRoot,
  verifyQuote,
  type Endorsements,
  type SgxVerdict,
  type TrustedRoot,
} from '@enclos/attestation';
import { cborArray, cborBytes, cborMap, cborText, cborUnsigned, toBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  issueCertificate,
  keyRing,
  publicKeyInfo,
  reportDataOf,
  scenario,
  taggedEvidence,
  type Extension,
  type KeyPair,
  type SgxReportBody,
} from '@enclos/evidence-kit';
import { memorySealing } from '@enclos/testkit';
import { type AppraiseCertificate, certificateAppraiser, replicaPolicy } from '../src/peers/index.ts';
import { type Protection, recordIssuer, type Sealing } from '../src/state/index.ts';
import { createRecordKey, signedProtection } from './records.ts';
import type { ReplicaRule } from '../src/peers/index.ts';

export const issuer = 'https://tenant.example';
export const configurationDigest = digestOf('configuration');
/** When the evidence of the tests is verified. */
export const now = new Date('2026-01-15T00:00:00Z');

export function digestOf(text: string): string {
  return toBase64url(new Uint8Array(createHash('sha256').update(text).digest()));
}

export interface ReplicaFacts {
  readonly issuer?: string;
  readonly configuration?: string;
  /** Of the enclave; its report data is that of the claims unless given. */
  readonly report?: Partial<SgxReportBody>;
  readonly claims?: (good: Record<string, Uint8Array>) => Record<string, Uint8Array>;
  /** Of another platform: its root is not the one that replicas of the tests are under. */
  readonly foreignPlatform?: boolean;
}

const foreignKeys = keyRing('another platform');

/** The evidence of a replica for a key, in the form of `@enclos/atls`. */
export function evidenceFor(publicKey: Uint8Array, facts: ReplicaFacts = {}): Extension {
  const digest = new Uint8Array(createHash('sha256').update(publicKey).digest());
  const good = {
    'pubkey-hash': cborBytes(cborArray(cborUnsigned(1), cborBytes(digest))),
    'enclos-tag': cborText('enclos-atls/1'),
    'enclos-role': cborText('token-signer'),
    'enclos-issued-at': cborUnsigned(1_768_000_000),
    'enclos-issuer': cborText(facts.issuer ?? issuer),
    'enclos-configuration': cborText(facts.configuration ?? configurationDigest),
  };
  const claims = cborMap((facts.claims ?? ((claimed) => claimed))(good));
  const { quote } = scenario({
    report: { reportData: reportDataOf(claims), ...facts.report },
    ...(facts.foreignPlatform === true ? { keys: foreignKeys } : {}),
  });
  return { id: '2.23.133.5.4.9', critical: false, value: taggedEvidence(quote, claims) };
}

/** What every replica of the tests has: the platform's root and collateral, and the verdict on itself. */
export interface Platform {
  readonly roots: readonly TrustedRoot[];
  readonly endorsements: Endorsements;
  readonly own: SgxVerdict;
}

export async function platformOf(report: Partial<SgxReportBody> = {}): Promise<Platform> {
  const { quote, collateral, root } = scenario({ report });
  const roots = [await softwareRoot(root.certificate)];
  const endorsements = parseCollateral(collateral);
  const own = await verifyQuote(quote, endorsements, { roots, now });
  if (own.tee !== 'sgx') throw new Error('Not SGX.');
  return { roots, endorsements, own };
}

export function appraiserOn(platform: Platform, rule: ReplicaRule = { by: 'enclave' }): AppraiseCertificate {
  const { roots, endorsements, own } = platform;
  return certificateAppraiser({
    roots,
    policy: replicaPolicy(own, rule),
    endorsements: () => Promise.resolve(endorsements),
    now: () => now,
  });
}

/** The protection of one replica in a shared store. */
export async function signedReplica(appraise: AppraiseCertificate, facts: ReplicaFacts = {}): Promise<Protection> {
  const named = { ...facts, issuer: facts.issuer ?? recordIssuer(issuer) };
  return signedProtection(await createRecordKey(async (publicKey) => [evidenceFor(publicKey, named)]), appraise);
}

export const sealingOf = (key?: Uint8Array): Sealing => memorySealing(() => new EnclosError('SEAL_NOT_OPENED'), key);

export interface TokenCertificate {
  readonly certificate: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface CertificateFacts extends ReplicaFacts {
  readonly key?: KeyPair;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: (publicKey: Uint8Array) => readonly Extension[];
  readonly signedBy?: KeyPair;
}

let serial = 0;

/** The certificate of a key that signs tokens. */
export function tokenCertificate(facts: CertificateFacts = {}): TokenCertificate {
  const key = facts.key ?? keyRing(`replica ${serial++}`).key('tokens', 'P-256');
  const publicKey = publicKeyInfo(key);
  const certificate = issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: 'tokens',
    subject: 'tokens',
    notBefore: facts.notBefore ?? new Date('2026-01-14T00:00:00Z'),
    notAfter: facts.notAfter ?? new Date('2026-01-16T00:00:00Z'),
    key,
    issuerKey: facts.signedBy ?? key,
    extensions: facts.extensions?.(publicKey) ?? [evidenceFor(publicKey, facts)],
  });
  return { certificate, publicKey };
}
