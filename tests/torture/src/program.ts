import { parseArgs } from 'node:util';

/** One torture: prints what it did and finds out, and counts into the tally. */
export type Program = (options: Options, tally: Tally) => Promise<void>;

export interface Options {
  /** Everything random comes from it. */
  readonly seed: number;
  /** How many moments of death, for those that kill. */
  readonly moments: number | undefined;
  /** How long, for those that run on. */
  readonly minutes: number | undefined;
}

/** Counts what held and what did not. */
export interface Tally {
  pass(): void;
  fail(what: string): void;
  skip(what: string): void;
  /** Passes when the work returns, and fails with its error. */
  check(what: string, work: () => unknown): Promise<void>;
  readonly failures: number;
  /** `N passed, N failed`. */
  line(): string;
}

/** @throws TypeError for an option that there is not. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: 'string' }, moments: { type: 'string' }, minutes: { type: 'string' } },
  });
  const number = (name: keyof typeof values): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!(value > 0)) throw new TypeError(`--${name} is a number above 0.`);
    return value;
  };
  return {
    seed: number('seed') ?? Math.floor(Math.random() * 2 ** 31) + 1,
    moments: number('moments'),
    minutes: number('minutes'),
  };
}

export function createTally(print: (line: string) => void): Tally {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const fail = (what: string): void => {
    failed += 1;
    print(`FAIL ${what}`);
  };
  return {
    pass: () => void (passed += 1),
    fail,
    skip(what) {
      skipped += 1;
      print(`skipped ${what}`);
    },
    async check(what, work) {
      try {
        await work();
        passed += 1;
        print(`ok   ${what}`);
      } catch (error) {
        fail(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    },
    get failures() {
      return failed;
    },
    line: () => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  };
}
