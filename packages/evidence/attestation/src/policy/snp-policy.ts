import { incomplete, readRules, requireRules, type CompleteRules } from './complete-policy.ts';
import type { DurationsMs } from './policy.ts';
import { boolean, durations, exactly, hexes, integer, nested, text, texts, time, words } from './policy-rules.ts';
import { snpDatedParts, snpDocumentParts, type SnpDatedPart, type SnpDocumentPart } from '../snp/dates.ts';
import { snpProducts, tcbComponents, type SnpProduct, type SnpTcb } from '../snp/product.ts';
import type { SnpSigningKey } from '../snp/report.ts';

/** A version of the firmware's interface to guests (ABI). */
export interface SnpAbiVersion {
  /** 0 to 255. */
  readonly major: number;
  /** 0 to 255. */
  readonly minor: number;
}

/**
 * What may be asked for beyond the defaults: four things that a guest can demand
 * of its platform (GUEST_POLICY), and the firmware's word that no memory has a
 * second address (PLATFORM_INFO, AMD-SB-3015).
 */
export type SnpProtection = (typeof snpProtections)[number];

const snpProtections = Object.freeze([
  'memoryAes256Xts',
  'raplDisabled',
  'ciphertextHiding',
  'pageSwapDisabled',
  'aliasCheckComplete',
] as const);

/** What a relying party accepts of an SEV-SNP guest. What it names must all hold. All of it can be written as JSON. */
export interface SnpPolicy {
  /** For editors: where the JSON Schema is. */
  readonly $schema?: string;
  readonly tee: 'sev-snp';
  /** Launch digests, 48 bytes of hex each. */
  readonly measurements: readonly string[];
  /** The lowest guest SVN. */
  readonly minimumGuestSvn: number;
  /** The privilege level that must have asked for the report, 0 to 3. A less privileged one may be the attacker's. */
  readonly vmpl: number;
  /** Root keys, by fingerprint: `AMD_MILAN_ROOT.fingerprint` and so on. */
  readonly roots: readonly string[];
  /** The kinds of keys that may sign reports. */
  readonly signingKeys: readonly SnpSigningKey[];
  /** The providers whose VLEK may sign, as their certificates name them. With a VLEK this must be there. */
  readonly cspIds?: readonly string[];
  /**
   * The chips that may sign, by the hardware id in the certificate of a VCEK: 64
   * bytes of hex each, 8 on Turin. A VLEK, which is of no chip, is refused then.
   */
  readonly chipIds?: readonly string[];
  /**
   * The lowest TCB of each product to accept, each component. All four TCBs of
   * a report must reach it. A product that is not named is not accepted.
   */
  readonly minimumTcb: Readonly<Partial<Record<SnpProduct, SnpTcb>>>;
  /** The lowest version of the report's format. Version 2 does not name its processor. Default: 2. */
  readonly minimumReportVersion?: number;
  /** Accept guests that may share a core with other threads. */
  readonly allowSmt: boolean;
  /** Accept guests that may run on several sockets. */
  readonly allowMultipleSockets: boolean;
  /** Accept guests whose memory the host can read. Default: false. */
  readonly allowDebug?: boolean;
  /** Accept guests that a migration agent may move. Default: false. */
  readonly allowMigrationAgent?: boolean;
  /** Accept guests whose memory may be on CXL devices. Default: false. */
  readonly allowCxl?: boolean;
  /** The lowest firmware ABI that the guest must have demanded at launch. Default: any. */
  readonly minimumGuestAbi?: SnpAbiVersion;
  /** All of these the report must have. Default: none. */
  readonly requiredProtections?: readonly SnpProtection[];
  /** Host data, 32 bytes of hex each. */
  readonly hostData?: readonly string[];
  /** 48 bytes of hex each. */
  readonly idKeyDigests?: readonly string[];
  /** 48 bytes of hex each. The identity key must be signed by one of them. */
  readonly authorKeyDigests?: readonly string[];
  /** 16 bytes of hex each. */
  readonly familyIds?: readonly string[];
  /** 16 bytes of hex each. */
  readonly imageIds?: readonly string[];
  /** Accept evidence that came without a revocation list. Default: false. */
  readonly allowUncheckedRevocation?: boolean;
  /** How long an ended certificate or revocation list stays acceptable. Default: 0. */
  readonly expiredCollateralGraceMs?: DurationsMs<SnpDatedPart>;
  /**
   * How long ago the revocation list may have been issued: an old one, replayed
   * within its dates, would hide a revocation. Default: any time ago.
   */
  readonly maximumCollateralAgeMs?: DurationsMs<SnpDocumentPart>;
  /** Accept certificates and lists that begin in the future. Default: false. */
  readonly allowNotYetValid?: boolean;
  /** The clock is wrong if it is before this (a Date, or 2026-06-01T00:00:00Z). For an enclave, whose clock is the host's. */
  readonly timeFloor?: Date | string;
}

const svn = integer(255);
const tcbRules = { bootloader: svn, tee: svn, snp: svn, microcode: svn };
const turinTcbRules = { ...tcbRules, fmc: svn };
const minimumTcbRules = {
  Milan: nested(tcbRules, tcbComponents('Milan')),
  Genoa: nested(tcbRules, tcbComponents('Genoa')),
  Turin: nested(turinTcbRules, tcbComponents('Turin')),
};

const abiRules = { major: integer(255), minor: integer(255) };
const inAbi = ['major', 'minor'] as const;

export const snpRules = {
  tee: exactly('sev-snp'),
  $schema: text,
  measurements: hexes(48),
  minimumGuestSvn: integer(0xffff_ffff),
  vmpl: integer(3),
  roots: hexes(32),
  signingKeys: words(['VCEK', 'VLEK']),
  cspIds: texts,
  chipIds: hexes(64, 8),
  minimumTcb: nested(minimumTcbRules, []),
  minimumReportVersion: integer(0xffff_ffff),
  allowSmt: boolean,
  allowMultipleSockets: boolean,
  allowDebug: boolean,
  allowMigrationAgent: boolean,
  allowCxl: boolean,
  minimumGuestAbi: nested(abiRules, inAbi),
  requiredProtections: words(snpProtections),
  hostData: hexes(32),
  idKeyDigests: hexes(48),
  authorKeyDigests: hexes(48),
  familyIds: hexes(16),
  imageIds: hexes(16),
  allowUncheckedRevocation: boolean,
  expiredCollateralGraceMs: durations(snpDatedParts),
  maximumCollateralAgeMs: durations(snpDocumentParts),
  allowNotYetValid: boolean,
  timeFloor: time,
};

export const mandatorySnpRules = [
  'tee',
  'measurements',
  'minimumGuestSvn',
  'vmpl',
  'roots',
  'signingKeys',
  'minimumTcb',
  'allowSmt',
  'allowMultipleSockets',
] as const;

type Rules = CompleteRules<typeof snpRules, (typeof mandatorySnpRules)[number]>;

/** A policy that is complete and checked. Hex is lower case, times are milliseconds. */
export type CompleteSnpPolicy = Omit<Rules, 'minimumTcb' | 'minimumGuestAbi'> & {
  readonly minimumTcb: Readonly<Partial<Record<SnpProduct, SnpTcb>>>;
  readonly minimumGuestAbi?: SnpAbiVersion;
};

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeSnpPolicy(policy: object): CompleteSnpPolicy {
  const { minimumGuestAbi, ...rules } = requireRules(readRules(policy, snpRules), mandatorySnpRules);
  if (rules.signingKeys.includes('VLEK') && rules.cspIds === undefined) {
    throw incomplete('cspIds', 'present, because a VLEK is accepted');
  }
  const path = 'minimumGuestAbi.';
  return Object.freeze({
    ...rules,
    minimumTcb: readMinimumTcb(rules.minimumTcb),
    ...(minimumGuestAbi === undefined
      ? {}
      : { minimumGuestAbi: requireRules(readRules(minimumGuestAbi, abiRules, path), inAbi, path) }),
  });
}

function readMinimumTcb(policy: object): CompleteSnpPolicy['minimumTcb'] {
  const path = 'minimumTcb.';
  const products = readRules(policy, minimumTcbRules, path);
  const minimum: Partial<Record<SnpProduct, SnpTcb>> = {};
  for (const product of snpProducts) {
    const components = products[product];
    if (components !== undefined) minimum[product] = readTcb(components, product, `${path}${product}.`);
  }
  if (Object.keys(minimum).length === 0) throw incomplete(`${path}Milan`, 'present, or Genoa, or Turin');
  return Object.freeze(minimum);
}

/** Every component of the product and no other: one that is left out would be accepted in any version. */
function readTcb(policy: object, product: SnpProduct, path: string): SnpTcb {
  const mustHave = ['bootloader', 'tee', 'snp', 'microcode'] as const;
  return product === 'Turin'
    ? requireRules(readRules(policy, turinTcbRules, path), [...mustHave, 'fmc'], path)
    : requireRules(readRules(policy, tcbRules, path), mustHave, path);
}
