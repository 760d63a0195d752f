import { incomplete, readRules, requireRules, type Required } from '../complete-policy.ts';
import { boolean, hexes, integer, nested, texts, time, words } from '../policy-rules.ts';
import { snpProducts, tcbComponents, type SnpProduct, type SnpTcb } from './product.ts';
import type { SnpSigningKey } from './report.ts';

/** What a relying party accepts of an SEV-SNP guest. What it names must all hold. It can be written as JSON. */
export interface SnpPolicy {
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
   * The lowest TCB of each product to accept, each component. All four TCBs of
   * a report must reach it. A product that is not named is not accepted.
   */
  readonly minimumTcb: Readonly<Partial<Record<SnpProduct, SnpTcb>>>;
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
  readonly expiredCollateralGraceMs?: number;
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

const snpRules = {
  measurements: hexes(48),
  minimumGuestSvn: integer(0xffff_ffff),
  vmpl: integer(3),
  roots: hexes(32),
  signingKeys: words(['VCEK', 'VLEK']),
  cspIds: texts,
  minimumTcb: nested(minimumTcbRules, []),
  allowSmt: boolean,
  allowMultipleSockets: boolean,
  allowDebug: boolean,
  allowMigrationAgent: boolean,
  allowCxl: boolean,
  hostData: hexes(32),
  idKeyDigests: hexes(48),
  authorKeyDigests: hexes(48),
  familyIds: hexes(16),
  imageIds: hexes(16),
  allowUncheckedRevocation: boolean,
  expiredCollateralGraceMs: integer(Number.MAX_SAFE_INTEGER),
  allowNotYetValid: boolean,
  timeFloor: time,
};

const mandatory = [
  'measurements',
  'minimumGuestSvn',
  'vmpl',
  'roots',
  'signingKeys',
  'minimumTcb',
  'allowSmt',
  'allowMultipleSockets',
] as const;

/** A policy that is complete and checked. Hex is lower case, times are milliseconds. */
export type CompleteSnpPolicy = Omit<Required<typeof snpRules, (typeof mandatory)[number]>, 'minimumTcb'> & {
  readonly minimumTcb: Readonly<Partial<Record<SnpProduct, SnpTcb>>>;
};

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeSnpPolicy(policy: unknown): CompleteSnpPolicy {
  const rules = requireRules(readRules(policy, snpRules), mandatory);
  if (rules.signingKeys.includes('VLEK') && rules.cspIds === undefined) {
    throw incomplete('cspIds', 'present, because a VLEK is accepted');
  }
  return Object.freeze({ ...rules, minimumTcb: readMinimumTcb(rules.minimumTcb) });
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
