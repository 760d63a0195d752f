import { createCaller, type Caller, type Functions, type Invoke } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { didYouMean } from '@enclos/diagnostics';
import { failAtCaller } from '../report/caller-stack.ts';

/** As `createCaller`, but also for callers that no compiler checks, and errors have the stack of the code that waits for them. */
export function hostCaller<T extends Functions>(trusted: T, invoke: Invoke): Caller<T> {
  return createCaller(trusted, invoke, { check: requireCallOptions, failed: failAtCaller });
}

const known = ['timeoutMs', 'signal'];
const words = known.map((name) => `"${name}"`).join(' and ');

/** A misspelt option would count as an absent one, and a call without its deadline waits. @throws HOST_OPTION_INVALID */
export function requireCallOptions(name: string, options: unknown, extra: readonly unknown[]): void {
  if (extra.length > 0) {
    refuse(
      name,
      `got ${extra.length === 1 ? 'an argument' : `${extra.length} arguments`} too many. Its arguments are one object, when it has any; options (${words}) come last.`,
    );
  }
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) {
    refuse(
      name,
      `got a ${options === null ? 'null' : typeof options} for its options, which are an object with ${words}.`,
    );
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown, known);
    refuse(
      name,
      `has no option "${unknown}"; there are ${words}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    );
  }
  const { timeoutMs, signal }: { readonly timeoutMs?: unknown; readonly signal?: unknown } = options;
  if (timeoutMs !== undefined && typeof timeoutMs !== 'number') {
    refuse(name, 'takes "timeoutMs" in milliseconds, as a number.');
  }
  if (signal !== undefined && !isAbortSignal(signal)) refuse(name, 'takes an AbortSignal as "signal".');
}

/** Also one of another realm. */
function isAbortSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
}

function refuse(name: string, problem: string): never {
  throw new EnclosError('HOST_OPTION_INVALID', `The call ${name}() ${problem}`);
}
