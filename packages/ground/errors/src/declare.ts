import type { ErrorEntry, ErrorKind } from './kinds.ts';

/** One row of a declaration: the kind, what happened in general and what to do next. */
export type ErrorRow = readonly [kind: ErrorKind, summary: string, next: string];
/** The row of a package that enclaves hold: the advice beside it says what to do next, for people outside. */
export type ShortErrorRow = readonly [kind: ErrorKind, summary: string];

const declared = new Map<string, ErrorEntry>();
/** Every error that the loaded packages declare, by code. */
export const declaredErrors: ReadonlyMap<string, ErrorEntry> = declared;
/** The next step of an error without one, as inside an enclave. */
export const lookUpCode = 'Look up the error code.';

/**
 * Declares the error codes of a package: afterwards `new EnclosError(code)` knows them. The package adds their names to
 * the interface `ErrorCodes` too, and each of its entry points loads the module that calls this.
 *
 * A second copy of the package in the process may declare the same codes with the same content.
 *
 * @example
 * export const paintErrors = declareErrors({
 *   PAINT_EMPTY: ['usage', 'The bucket holds no paint.', 'Fill the bucket.'],
 * });
 * declare module '@enclos/errors' {
 *   interface ErrorCodes extends Record<keyof typeof paintErrors, true> {}
 * }
 * @returns The declaration.
 * @throws TypeError when a code was already declared with different content.
 */
export function declareErrors<const T extends Readonly<Record<string, ErrorRow>>>(errors: T): T {
  return declareErrorsWithAdvice({} as Record<keyof T, string>, errors);
}

/**
 * Declares the error codes of a package that enclaves hold: see {@link declareErrors}.
 *
 * @param advice What to do next, by code. Bundles for enclaves have none: there `#advice` of the package leads to
 *   `@enclos/errors/without-advice`.
 * @throws TypeError when a code was already declared with different content.
 */
export function declareErrorsWithAdvice<const T extends Readonly<Record<string, ShortErrorRow | ErrorRow>>>(
  advice: Readonly<Record<keyof T, string>>,
  errors: T,
): T {
  for (const [code, [kind, summary, next = advice[code] ?? lookUpCode]] of Object.entries(errors)) {
    const entry = { kind, summary, next };
    if (Object.values(declared.get(code) ?? entry).join() !== Object.values(entry).join()) {
      throw new TypeError(`${code} is declared twice.`);
    }
    declared.set(code, Object.freeze(entry));
  }
  return errors;
}
