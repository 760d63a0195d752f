import type { Dialect } from '../source/dialect.ts';

/**
 * A rule of the language: the only place where its texts stand. Its functions get the words of one finding (names, tokens, types),
 * in an order that each rule decides.
 *
 * @example
 * const zeroLength: Rule = {
 *   code: 'edl-array-zero',
 *   dialects: ['intel'],
 *   text: (name) => `The array "${name}" has no elements.`,
 *   intel: () => 'Zero-length array is not supported.',
 *   hint: () => 'a length of at least 1',
 * };
 */
export interface Rule {
  /** Kebab case, with `edl-` in front. Stays as it is: people search for it, and name it in scripts. */
  readonly code: string;
  /** Whose compiler refuses, or warns of, what breaks it. */
  readonly dialects: readonly Dialect[];
  /** Default: error. */
  readonly severity?: 'error' | 'warning';
  /** What turns a warning on and off, without `-W`. */
  readonly family?: string;
  /** Our own plain sentence. */
  readonly text: (...words: string[]) => string;
  /** What oeedger8r prints, without its place. Absent, or undefined, where it says nothing. */
  readonly oe?: (...words: string[]) => string | undefined;
  /** What sgx_edger8r prints, without its place. */
  readonly intel?: (...words: string[]) => string | undefined;
  /** What to write in its place, to be read after "use:". */
  readonly hint?: (...words: string[]) => string;
}
