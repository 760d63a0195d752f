import type { CppExceptions } from './exceptions.ts';
import type { Runtime } from './runtime.ts';

/** A function of the module's table. Numbers are those of WebAssembly. */
type Callee = (...values: readonly unknown[]) => unknown;
export type Invoke = (index: number, ...values: readonly unknown[]) => unknown;

export interface InvokeParts {
  readonly exceptions: CppExceptions;
  readonly runtime: () => Runtime;
}

/**
 * Calls that may throw a C++ exception, by their number of arguments. The engine makes most of its calls through these, so those with few
 * arguments are written out: a list of arguments for each takes several times as long.
 *
 * @param failed what is returned after an exception: a function with a 64-bit result cannot return undefined.
 */
export function createInvokes({ exceptions, runtime }: InvokeParts, failed: 0n | undefined): (count: number) => Invoke {
  const callees: Callee[] = [];
  const calleeOf = (index: number): Callee => (callees[index] ??= runtime().functionAt(index));
  const stack = (): number => runtime().stack();
  const failure = (from: number, error: unknown): unknown => {
    exceptions.recover(from, error);
    return failed;
  };
  const many: Invoke = (index, ...values) => {
    const from = stack();
    try {
      return calleeOf(index)(...values);
    } catch (error) {
      return failure(from, error);
    }
  };
  const few: readonly Invoke[] = [
    (index) => {
      const from = stack();
      try {
        return calleeOf(index)();
      } catch (error) {
        return failure(from, error);
      }
    },
    (index, a) => {
      const from = stack();
      try {
        return calleeOf(index)(a);
      } catch (error) {
        return failure(from, error);
      }
    },
    (index, a, b) => {
      const from = stack();
      try {
        return calleeOf(index)(a, b);
      } catch (error) {
        return failure(from, error);
      }
    },
    (index, a, b, c) => {
      const from = stack();
      try {
        return calleeOf(index)(a, b, c);
      } catch (error) {
        return failure(from, error);
      }
    },
  ];
  return (count) => few[count] ?? many;
}
