import { EnclosError } from '@enclos/errors';
import { array, type JsonRule } from './rules.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './value.ts';

/**
 * Handles a member that is wrong, or missing (then without `expected`): it throws, or it notes the problem and the member reads
 * as if it were absent.
 */
export type JsonReport<Absent extends undefined> = (path: string, expected?: string) => Absent;

/**
 * The members of an object, each read by a rule. Without a report every mistake throws; `JsonForm` has a report that finds all
 * mistakes in one pass.
 *
 * @example
 * const tcb = new JsonRecord(parseJson(text, 1024), 'tcb');
 * const svn = tcb.required('pcesvn', integer(0, 65_535));
 *
 * @throws CODEC_TRUNCATED for a missing member, because QVL has another name for it; CODEC_INVALID for a wrong one.
 */
export class JsonRecord<Absent extends undefined = never> {
  /** Such as `tenants[0]`; empty for the outermost one of a file. */
  readonly path: string;
  protected readonly members: JsonObject;
  protected readonly report: JsonReport<Absent>;

  constructor(value: JsonValue | undefined, path: string, report: JsonReport<Absent> = throwFirst) {
    this.path = path;
    if (isJsonObject(value)) {
      this.members = value;
      this.report = report;
    } else {
      const absent = report(path, 'an object');
      this.members = {};
      // One problem is enough: do not add another for each member that it lacks.
      this.report = () => absent;
    }
  }

  has(name: string): boolean {
    return this.member(name) !== undefined;
  }

  required<T>(name: string, { expected, read }: JsonRule<T>): T | Absent {
    const value = this.member(name);
    const found = value === undefined ? undefined : read(value);
    if (found !== undefined) return found;
    return this.report(this.pathOf(name), value === undefined ? undefined : expected);
  }

  optional<T>(name: string, rule: JsonRule<T>): T | undefined {
    return this.has(name) ? this.required(name, rule) : undefined;
  }

  /** A member that is an object. */
  record(name: string): JsonRecord<Absent> | Absent {
    const value = this.member(name);
    return value === undefined ? this.report(this.pathOf(name)) : this.inner(value, this.pathOf(name));
  }

  /** The objects of an array of `minimum` to `maximum`. */
  records(name: string, minimum: number, maximum: number): readonly JsonRecord<Absent>[] {
    const items = this.required(name, array(minimum, maximum)) ?? [];
    return items.map((item, index) => this.inner(item, `${this.pathOf(name)}[${index}]`));
  }

  pathOf(name: string): string {
    return `${this.path}.${name}`;
  }

  protected member(name: string): JsonValue | undefined {
    return this.members[name];
  }

  protected inner(value: JsonValue, path: string): JsonRecord<Absent> {
    return new JsonRecord(value, path, this.report);
  }
}

function throwFirst(path: string, expected?: string): never {
  if (expected === undefined) throw new EnclosError('CODEC_TRUNCATED', `${path} is missing.`);
  throw new EnclosError('CODEC_INVALID', `${path} is not ${expected}.`);
}
