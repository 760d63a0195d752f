import { UntypedRules } from '../untyped-rules.ts';
import { snpProducts, tcbComponents, type SnpProduct, type SnpTcb, type SnpTcbComponent } from './product.ts';
import type { SnpSigningKey } from './report.ts';

/** What a relying party accepts of an SEV-SNP guest. What it names must all hold. */
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
  /** The clock is wrong if it is before this. For an enclave, whose clock is the host's. */
  readonly timeFloor?: Date;
}

/** A policy that is complete and has its defaults filled in. Hex is lower case. */
export interface CompleteSnpPolicy extends Required<
  Omit<SnpPolicy, 'cspIds' | 'hostData' | 'idKeyDigests' | 'authorKeyDigests' | 'familyIds' | 'imageIds' | 'timeFloor'>
> {
  readonly cspIds: readonly string[];
  readonly hostData: readonly string[] | undefined;
  readonly idKeyDigests: readonly string[] | undefined;
  readonly authorKeyDigests: readonly string[] | undefined;
  readonly familyIds: readonly string[] | undefined;
  readonly imageIds: readonly string[] | undefined;
  readonly timeFloorMs: number;
}

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeSnpPolicy(policy: unknown): CompleteSnpPolicy {
  const rules = new UntypedRules(policy);
  const signingKeys = rules.required('signingKeys', rules.choices('signingKeys', ['VCEK', 'VLEK']));
  const cspIds = rules.strings('cspIds');
  if (signingKeys.includes('VLEK') && cspIds === undefined) {
    rules.incomplete('cspIds', 'present, because a VLEK is accepted');
  }
  const complete = {
    measurements: rules.required('measurements', rules.hex('measurements', 48)),
    minimumGuestSvn: rules.required('minimumGuestSvn', rules.integer('minimumGuestSvn', 0xffff_ffff)),
    vmpl: rules.required('vmpl', rules.integer('vmpl', 3)),
    roots: rules.required('roots', rules.hex('roots', 32)),
    signingKeys,
    cspIds: cspIds ?? [],
    minimumTcb: readMinimumTcb(rules.required('minimumTcb', rules.rules('minimumTcb'))),
    allowSmt: rules.required('allowSmt', rules.boolean('allowSmt')),
    allowMultipleSockets: rules.required('allowMultipleSockets', rules.boolean('allowMultipleSockets')),
    allowDebug: rules.boolean('allowDebug') ?? false,
    allowMigrationAgent: rules.boolean('allowMigrationAgent') ?? false,
    allowCxl: rules.boolean('allowCxl') ?? false,
    hostData: rules.hex('hostData', 32),
    idKeyDigests: rules.hex('idKeyDigests', 48),
    authorKeyDigests: rules.hex('authorKeyDigests', 48),
    familyIds: rules.hex('familyIds', 16),
    imageIds: rules.hex('imageIds', 16),
    allowUncheckedRevocation: rules.boolean('allowUncheckedRevocation') ?? false,
    expiredCollateralGraceMs: rules.integer('expiredCollateralGraceMs', Number.MAX_SAFE_INTEGER) ?? 0,
    allowNotYetValid: rules.boolean('allowNotYetValid') ?? false,
    timeFloorMs: rules.time('timeFloor') ?? Number.NEGATIVE_INFINITY,
  };
  rules.end();
  return Object.freeze(complete);
}

function readMinimumTcb(rules: UntypedRules): CompleteSnpPolicy['minimumTcb'] {
  const minimum: Partial<Record<SnpProduct, SnpTcb>> = {};
  for (const product of snpProducts) {
    const components = rules.rules(product);
    if (components !== undefined) minimum[product] = readTcb(components, product);
  }
  rules.end();
  if (Object.keys(minimum).length === 0) rules.incomplete('Milan', 'present, or Genoa, or Turin');
  return Object.freeze(minimum);
}

/** Every component of the product and no other: one that is left out would be accepted in any version. */
function readTcb(rules: UntypedRules, product: SnpProduct): SnpTcb {
  const read = (component: SnpTcbComponent): number => rules.required(component, rules.integer(component, 255));
  const tcb = {
    bootloader: read('bootloader'),
    tee: read('tee'),
    snp: read('snp'),
    microcode: read('microcode'),
    ...(tcbComponents(product).includes('fmc') ? { fmc: read('fmc') } : {}),
  };
  rules.end();
  return Object.freeze(tcb);
}
