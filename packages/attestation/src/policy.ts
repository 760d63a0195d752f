import { EnclosError } from '@enclos/errors';
import type { QuoteStatus } from './tcb-status.ts';

/** Statuses that a policy may accept. The others end trust, as in Intel's QvE. */
export type AcceptableStatus = Exclude<QuoteStatus, 'REVOKED' | 'TCB_NOT_SUPPORTED'>;

interface SgxRules {
  /** The lowest ISVSVN to accept. */
  readonly minimumSecurityVersion: number;
  /**
   * The TCB statuses to accept. For one other than OK, every advisory of the
   * verdict must be in `acceptedAdvisoryIds` as well.
   */
  readonly acceptedStatuses: readonly AcceptableStatus[];
  /** Accept platforms under Intel's root. */
  readonly intelRoot: boolean;
  /** Accept software platforms under these roots, by fingerprint. Default: none. */
  readonly softwareRoots?: readonly string[];
  /** Advisories that the relying party has dealt with. Default: none. */
  readonly acceptedAdvisoryIds?: readonly string[];
  /** Accept an enclave whose memory a debugger can read. Default: false. */
  readonly allowDebug?: boolean;
  /** How long expired collateral stays acceptable. Default: 0. */
  readonly expiredCollateralGraceMs?: number;
  /** Accept certificates and collateral that begin after the time of verification. Default: false. */
  readonly allowNotYetValid?: boolean;
  /** The clock is wrong if it is before this. For an enclave, whose clock is the host's. */
  readonly timeFloor?: Date;
  /** The lowest TCB evaluation data number, of TCB info and QE identity, to accept. */
  readonly minimumTcbEvaluationDataNumber?: number;
}

interface ByEnclave {
  /** Enclaves to accept by MRENCLAVE, 32 bytes of hex each. */
  readonly mrEnclave: readonly string[];
  readonly mrSigner?: readonly string[];
  readonly productId?: number;
}

interface BySigner {
  readonly mrEnclave?: readonly string[];
  /** Signers to accept by MRSIGNER, 32 bytes of hex each. */
  readonly mrSigner: readonly string[];
  /** The ISVPRODID: a signer signs many products. */
  readonly productId: number;
}

/** What a relying party accepts of an SGX enclave. What it names must all hold. */
export type SgxPolicy = SgxRules & (ByEnclave | BySigner);

/** A policy that is complete and has its defaults filled in. Hex is lower case. */
export interface CompletePolicy {
  readonly mrEnclave: readonly string[] | undefined;
  readonly mrSigner: readonly string[] | undefined;
  readonly productId: number | undefined;
  readonly minimumSecurityVersion: number;
  readonly acceptedStatuses: readonly string[];
  readonly intelRoot: boolean;
  readonly softwareRoots: readonly string[];
  readonly acceptedAdvisoryIds: readonly string[];
  readonly allowDebug: boolean;
  readonly expiredCollateralGraceMs: number;
  readonly allowNotYetValid: boolean;
  readonly timeFloorMs: number;
  readonly minimumTcbEvaluationDataNumber: number;
}

const acceptable: ReadonlySet<string> = new Set<AcceptableStatus>([
  'OK',
  'SW_HARDENING_NEEDED',
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  'OUT_OF_DATE',
  'OUT_OF_DATE_CONFIGURATION_NEEDED',
]);
const hashPattern = /^[0-9a-f]{64}$/i;

/**
 * Checks a policy as it comes from a caller without types, a file for example.
 * A missing, malformed, unknown or inherited rule refuses, and so does one that
 * is there without a value: none is ever read as "anything".
 *
 * @throws APPRAISAL_REFUSED with the name of the rule in `details.field`.
 */
export function completePolicy(policy: unknown): CompletePolicy {
  const rules = new Rules(policy);
  const mrEnclave = rules.hashes('mrEnclave');
  const mrSigner = rules.hashes('mrSigner');
  const productId = rules.integer('productId', 65_535);
  if (mrEnclave === undefined && mrSigner === undefined) {
    throw incomplete('mrEnclave', 'mrEnclave, or mrSigner and productId');
  }
  if (mrSigner !== undefined && productId === undefined) {
    throw incomplete('productId', 'an integer, because mrSigner is given');
  }
  const complete = {
    mrEnclave,
    mrSigner,
    productId,
    minimumSecurityVersion: rules.required('minimumSecurityVersion', rules.integer('minimumSecurityVersion', 65_535)),
    acceptedStatuses: rules.required('acceptedStatuses', rules.statuses('acceptedStatuses')),
    intelRoot: rules.required('intelRoot', rules.boolean('intelRoot')),
    softwareRoots: rules.hashes('softwareRoots') ?? [],
    acceptedAdvisoryIds: rules.strings('acceptedAdvisoryIds') ?? [],
    allowDebug: rules.boolean('allowDebug') ?? false,
    expiredCollateralGraceMs: rules.integer('expiredCollateralGraceMs', Number.MAX_SAFE_INTEGER) ?? 0,
    allowNotYetValid: rules.boolean('allowNotYetValid') ?? false,
    timeFloorMs: rules.time('timeFloor') ?? Number.NEGATIVE_INFINITY,
    minimumTcbEvaluationDataNumber: rules.integer('minimumTcbEvaluationDataNumber', 0xffff_ffff) ?? 0,
  };
  rules.end();
  if (!complete.intelRoot && complete.softwareRoots.length === 0) {
    throw incomplete('softwareRoots', 'intelRoot: true, or fingerprints of software roots');
  }
  return Object.freeze(complete);
}

/** The rules of an untyped policy; each read is checked, and unread ones are unknown. */
class Rules {
  readonly #rules: Map<string, unknown>;

  constructor(policy: unknown) {
    if (!isPlainObject(policy)) throw incomplete('policy', 'an object with rules of its own and none inherited');
    this.#rules = new Map(Reflect.ownKeys(policy).map((name) => [String(name), Reflect.get(policy, name)]));
    for (const [name, value] of this.#rules) if (value === undefined) throw incomplete(name, 'absent or have a value');
  }

  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw incomplete(name, 'present');
    return value;
  }

  integer(name: string, maximum: number): number | undefined {
    return this.#take(name, `an integer from 0 to ${maximum}`, (value): value is number => {
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= maximum;
    });
  }

  boolean(name: string): boolean | undefined {
    return this.#take(name, 'true or false', (value) => typeof value === 'boolean');
  }

  strings(name: string): readonly string[] | undefined {
    return this.#take(name, 'an array of strings', isStrings)?.slice();
  }

  /** SHA-256 values: at least one, when the rule is there. */
  hashes(name: string): readonly string[] | undefined {
    const isHashes = (value: unknown): value is readonly string[] =>
      isStrings(value) && value.length > 0 && value.every((item) => hashPattern.test(item));
    return this.#take(name, 'a non-empty array of 32 bytes of hex', isHashes)?.map((hash) => hash.toLowerCase());
  }

  statuses(name: string): readonly string[] | undefined {
    const isStatuses = (value: unknown): value is readonly string[] =>
      isStrings(value) && value.length > 0 && value.every((item) => acceptable.has(item));
    return this.#take(name, `a non-empty array of ${[...acceptable].join(', ')}`, isStatuses)?.slice();
  }

  time(name: string): number | undefined {
    const isTime = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());
    return this.#take(name, 'a valid Date', isTime)?.getTime();
  }

  end(): void {
    const [unknown] = this.#rules.keys();
    if (unknown !== undefined) throw incomplete(unknown, 'the name of a rule');
  }

  #take<T>(name: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#rules.get(name);
    this.#rules.delete(name);
    if (value === undefined) return undefined;
    if (!is(value)) throw incomplete(name, expected);
    return value;
  }
}

/** A rule that a prototype holds would not be seen, and not be missed either. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function incomplete(field: string, expected: string): EnclosError {
  return new EnclosError('APPRAISAL_REFUSED', `The policy is incomplete: ${field} must be ${expected}.`, {
    details: { field, expected, got: 'an incomplete policy' },
  });
}
