import { EnclosError } from '@enclos/errors';

/**
 * The rules of an untyped policy, a file for example. Each read is checked, and
 * what nobody read is unknown: `end` refuses it. A rule that a prototype holds,
 * and one that is there without a value, refuse as well: none is ever read as
 * "anything".
 *
 * Every method throws APPRAISAL_REFUSED with the name of the rule in `details.field`.
 */
export class UntypedRules {
  readonly #rules: Map<string, unknown>;
  readonly #path: string;

  constructor(policy: unknown, path = '') {
    if (!isPlainObject(policy)) {
      throw incomplete(path || 'policy', 'an object with rules of its own and none inherited');
    }
    this.#path = path;
    this.#rules = new Map(Reflect.ownKeys(policy).map((name) => [String(name), Reflect.get(policy, name)]));
    for (const [name, value] of this.#rules) {
      if (value === undefined) throw incomplete(this.#at(name), 'absent or have a value');
    }
  }

  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw incomplete(this.#at(name), 'present');
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

  /** Strings: at least one, when the rule is there. */
  strings(name: string): readonly string[] | undefined {
    const isList = (value: unknown): value is readonly string[] => isStrings(value) && value.length > 0;
    return this.#take(name, 'a non-empty array of strings', isList)?.slice();
  }

  /** Byte strings of one size as hex, at least one, when the rule is there. Lower case is returned. */
  hex(name: string, sizeBytes: number): readonly string[] | undefined {
    const pattern = new RegExp(`^[0-9a-f]{${2 * sizeBytes}}$`, 'i');
    const isHex = (value: unknown): value is readonly string[] =>
      isStrings(value) && value.length > 0 && value.every((item) => pattern.test(item));
    const wanted = `a non-empty array of ${sizeBytes} bytes of hex`;
    return this.#take(name, wanted, isHex)?.map((item) => item.toLowerCase());
  }

  /** Some of the choices, at least one, when the rule is there. */
  choices<const Choice extends string>(name: string, all: readonly Choice[]): readonly Choice[] | undefined {
    const isChoices = (value: unknown): value is readonly Choice[] =>
      isStrings(value) && value.length > 0 && value.every((item) => all.some((choice) => choice === item));
    return this.#take(name, `a non-empty array of ${all.join(', ')}`, isChoices)?.slice();
  }

  /** In milliseconds since 1970. */
  time(name: string): number | undefined {
    const isTime = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());
    return this.#take(name, 'a valid Date', isTime)?.getTime();
  }

  /** Rules within a rule. */
  rules(name: string): UntypedRules | undefined {
    if (!this.#rules.has(name)) return undefined;
    const value = this.#rules.get(name);
    this.#rules.delete(name);
    return new UntypedRules(value, this.#at(name));
  }

  end(): void {
    const [unknown] = this.#rules.keys();
    if (unknown !== undefined) throw incomplete(this.#at(unknown), 'the name of a rule');
  }

  /** @throws APPRAISAL_REFUSED always. */
  incomplete(name: string, expected: string): never {
    throw incomplete(this.#at(name), expected);
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #take<T>(name: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#rules.get(name);
    this.#rules.delete(name);
    if (value === undefined) return undefined;
    if (!is(value)) throw incomplete(this.#at(name), expected);
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
