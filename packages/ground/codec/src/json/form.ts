import { JsonRecord } from './record.ts';
import { array, type JsonRule } from './rules.ts';
import { isJsonArray, type JsonValue } from './value.ts';

/** The known name that the writer probably meant; undefined when no known name is close. */
export type Suggest = (name: string, known: readonly string[]) => string | undefined;

/** The problems of a file, each with the path of its place. */
export interface JsonProblems {
  readonly texts: string[];
  readonly suggest?: Suggest;
}

/**
 * As `JsonRecord`, for a file that people write: a wrong value is noted and then read as if it were absent, so that one pass
 * finds all mistakes. A name that nothing asks for is also a mistake.
 *
 * @example
 * const problems = { texts: [], suggest: didYouMean };
 * const file = new JsonForm(parseJson(text, 1024), '', problems);
 * const minutes = file.optional('minutes', integer(1, 1440)) ?? 60;
 * file.end();
 * // problems.texts: ['minuts: is not known. Did you mean "minutes"?']
 */
export class JsonForm extends JsonRecord<undefined> {
  readonly #problems: JsonProblems;
  readonly #known = new Set<string>();

  constructor(value: JsonValue | undefined, path: string, problems: JsonProblems) {
    super(value, path, (at, expected) => {
      problems.texts.push(`${at || 'the file'}: ${expected === undefined ? 'is missing' : `must be ${expected}`}.`);
      return undefined;
    });
    this.#problems = problems;
  }

  /** Notes members that nothing asked for. Call it last. */
  end(): void {
    const known = [...this.#known];
    for (const name of Object.keys(this.members)) {
      if (this.#known.has(name)) continue;
      const meant = this.#problems.suggest?.(name, known);
      const cure = meant === undefined ? 'Remove it, or correct its spelling.' : `Did you mean "${meant}"?`;
      this.problem(name, `is not known. ${cure}`);
    }
  }

  /** Notes a problem that no single rule finds, such as two members that contradict each other. */
  problem(name: string, what: string): void {
    this.#problems.texts.push(`${this.pathOf(name)}: ${what}`);
  }

  /** Whether a member is absent, or an array of nothing. */
  isEmptyArray(name: string): boolean {
    const value = this.member(name);
    return value === undefined || (isJsonArray(value) && value.length === 0);
  }

  /** A member that is an object, and may be absent. */
  form(name: string): JsonForm | undefined {
    const value = this.member(name);
    return value === undefined ? undefined : this.inner(value, this.pathOf(name));
  }

  /** The objects of an array that may be absent. */
  forms(name: string, maximum: number): readonly JsonForm[] {
    return this.#array(name, maximum).map((item, index) => this.inner(item, `${this.pathOf(name)}[${index}]`));
  }

  /** The items of an array that may be absent, each by the rule, and no two alike. Those that break it are left out. */
  items<T>(name: string, rule: JsonRule<T>, maximum: number): readonly T[] {
    const found = new Set<T>();
    for (const [index, item] of this.#array(name, maximum).entries()) {
      const value = rule.read(item);
      const path = `${this.pathOf(name)}[${index}]`;
      if (value === undefined) this.report(path, rule.expected);
      else if (found.has(value)) this.#problems.texts.push(`${path}: is there twice.`);
      else found.add(value);
    }
    return [...found];
  }

  /** The outermost record of a file has no path. A name that people chose is shortened, and quoted unless it is plain. */
  override pathOf(name: string): string {
    const shown = /^[\w-]+$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
    return this.path === '' ? shown : `${this.path}.${shown}`;
  }

  protected override member(name: string): JsonValue | undefined {
    this.#known.add(name);
    return super.member(name);
  }

  protected override inner(value: JsonValue, path: string): JsonForm {
    return new JsonForm(value, path, this.#problems);
  }

  #array(name: string, maximum: number): readonly JsonValue[] {
    return this.optional(name, array(0, maximum)) ?? [];
  }
}
