import { nothing } from './types/choices.ts';
import { invalid, requireIdentifier, requireMembers } from './definition.ts';
import { type Fields, record, type RecordType } from './types/record.ts';
import { codec, codecOf, type Type } from './type.ts';

/** A function of an interface: named parameters that travel as one record, and a result. */
export interface Func<F extends Fields = Fields, R extends Type = Type> {
  readonly parameters: RecordType<F>;
  readonly result: R;
}

/** The functions of one side. A function's index, which crosses the boundary, is its place here. */
export type Functions = Readonly<Record<string, Func>>;

export interface Interface<T extends Functions = Functions, U extends Functions = Functions> {
  readonly name: string;
  /** The functions that the enclave offers to the host. */
  readonly trusted: T;
  /** The functions that the host offers to the enclave. */
  readonly untrusted: U;
  /**
   * Canonical text of the whole interface, for hashing: two interfaces share it exactly when every
   * name, type, bound and index is the same, and so is the encoding.
   */
  describe(): string;
}

const isFunc = new WeakSet<object>();

/**
 * A function with these parameters and this result (nothing when absent).
 *
 * @throws EDL_INVALID_INTERFACE
 */
export function func<const F extends Fields>(parameters: F): Func<F, Type<void>>;
export function func<const F extends Fields, R extends Type>(parameters: F, result: R): Func<F, R>;
export function func(parameters: Fields, result: Type = nothing()): Func {
  codecOf(result, 'The result of func()');
  const made = Object.freeze({ parameters: record(parameters), result });
  isFunc.add(made);
  return made;
}

interface InterfaceDefinition<T extends Functions, U extends Functions> {
  readonly name: string;
  readonly trusted: T;
  readonly untrusted: U;
}

/**
 * The interface between an enclave and its host. Names are identifiers of at most 64 characters;
 * a side has at most 1024 functions.
 *
 * @throws EDL_INVALID_INTERFACE
 * @example
 * ```ts
 * import { bytes, defineInterface, func, string } from '@enclos/edl';
 *
 * export const notes = defineInterface({
 *   name: 'notes',
 *   trusted: { keep: func({ text: string({ maxBytes: 1000 }) }, bytes({ maxBytes: 2000 })) },
 *   untrusted: { approve: func({ request: bytes({ exactBytes: 16 }) }, string({ maxBytes: 10 })) },
 * });
 * ```
 */
export function defineInterface<const T extends Functions, const U extends Functions>(
  definition: InterfaceDefinition<T, U>,
): Interface<T, U> {
  const { name, trusted, untrusted } = definition;
  requireIdentifier(name, 'the interface');
  const trustedFunctions = functionList(trusted);
  const untrustedFunctions = functionList(untrusted);
  return Object.freeze({
    name,
    trusted: Object.freeze({ ...trusted }),
    untrusted: Object.freeze({ ...untrusted }),
    describe: () =>
      [
        'enclos interface 1',
        name,
        ...describeSide('trusted', trustedFunctions),
        ...describeSide('untrusted', untrustedFunctions),
        '',
      ].join('\n'),
  });
}

/**
 * The functions of one side by index.
 *
 * @throws EDL_INVALID_INTERFACE
 */
export function functionList(functions: Functions): readonly (readonly [string, Func])[] {
  const list = requireMembers(functions, 'function');
  for (const [name, made] of list) {
    // An object with a method `then` is taken for a promise by every `await`.
    if (name === 'then') invalid('"then" cannot name a function: its caller would be taken for a promise.');
    if (!isFunc.has(made)) invalid(`Function "${name}" was not made by func(), or by another copy of @enclos/edl.`);
  }
  return list;
}

function describeSide(side: string, functions: readonly (readonly [string, Func])[]): readonly string[] {
  return functions.map(
    ([name, { parameters, result }], index) =>
      `${side} ${index} ${name} ${parameters[codec].describe()} ${result[codec].describe()}`,
  );
}
