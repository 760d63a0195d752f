import { raise } from './policy-error.ts';

/**
 * Bounds on the size and the work of a policy. The author of a policy may attack the service that evaluates it, so every way to
 * cause work is bounded.
 */
export interface PolicyLimits {
  /** Bytes of the policy as UTF-8. Default: 256 KiB; the longest published ones have 10 KiB. */
  readonly maxTextBytes?: number;
  /** Rules of a policy. Default: 2,000. */
  readonly maxRules?: number;
  /** Conditions of one rule. Default: 100. */
  readonly maxConditions?: number;
  /** Levels of functions in functions, of a JMESPath expression, and of objects and arrays in JSON. Default: 128. */
  readonly maxDepth?: number;
  /**
   * Steps of one evaluation. A step is the test of a claim, a node of a query, or some characters of text. Default: 5,000,000.
   */
  readonly maxSteps?: number;
  /** Claims in the incoming set, including those that rules add. Default: 10,000. */
  readonly maxClaims?: number;
  /** Bytes of one string as UTF-8: the value of a claim, the result of a function. Default: 4 MiB. */
  readonly maxStringBytes?: number;
}

export type Limits = Required<PolicyLimits>;

export const defaultLimits: Limits = Object.freeze({
  maxTextBytes: 256 * 1024,
  maxRules: 2_000,
  maxConditions: 100,
  maxDepth: 128,
  maxSteps: 5_000_000,
  maxClaims: 10_000,
  maxStringBytes: 4 * 1024 * 1024,
});

/** Beyond this depth the stack may overflow before the limit applies. */
const deepest = 256;

/** Limits that were checked, by what was given: a service evaluates by the same ones for every token. */
const checked = new WeakMap<PolicyLimits, Limits>();

/** @throws CLAIM_RULES_ARGUMENT */
export function limitsOf(given: PolicyLimits = defaultLimits): Limits {
  const known = checked.get(given);
  if (known !== undefined) return known;
  const limits = checkedLimits({ ...defaultLimits, ...given });
  if (Object.isFrozen(given)) checked.set(given, limits);
  return limits;
}

function checkedLimits(limits: Limits): Limits {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      raise('CLAIM_RULES_ARGUMENT', `There is no limit ${JSON.stringify(name)}.`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      raise('CLAIM_RULES_ARGUMENT', `${name} must be a whole number above zero.`);
    }
  }
  for (const name of ['maxDepth', 'maxConditions'] as const) {
    if (limits[name] > deepest) raise('CLAIM_RULES_ARGUMENT', `${name} may be ${deepest} at most.`);
  }
  return limits;
}

/** Whether a text is longer than so many bytes of UTF-8, without encoding it. */
export function isLongerThan(text: string, maxBytes: number): boolean {
  // A code unit is at most three bytes of UTF-8, and a pair of them four.
  if (text.length * 3 <= maxBytes) return false;
  if (text.length > maxBytes) return true;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes > maxBytes;
}
