import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { showsWholeStacks } from './caller-stack.ts';
import { errorText } from './error-text.ts';

let isInstalled = false;

/**
 * From now on an Enclos error that a program prints, or does not catch, reads as a diagnostic. Nothing else changes: a program that
 * handles uncaught errors itself still does, errors of others look as Node shows them, and the exit code is that of Node.
 */
export function reportErrors(): void {
  if (isInstalled || showsWholeStacks) return;
  isInstalled = true;
  Object.defineProperty(EnclosError.prototype, inspect.custom, {
    value(this: EnclosError, _depth: number, options: { readonly colors?: boolean } = {}) {
      return errorText(this, { color: options.colors === true, withSource: false });
    },
    configurable: true,
    writable: true,
  });
  // Node prints an uncaught error with the line that made it, which is ours, and takes no other text for it.
  if (isMainThread) process.on('uncaughtExceptionMonitor', endWithText);
}

/** Called only for an error that ends the program, or that another handler takes. */
function endWithText(error: unknown): void {
  if (!isEnclosError(error) || isHandledElsewhere()) return;
  const color = process.stderr.isTTY && process.stderr.hasColors();
  process.stderr.write(`${errorText(error, { color, withSource: true })}\n`);
  process.exit(process.exitCode === undefined || process.exitCode === 0 ? 1 : process.exitCode);
}

function isHandledElsewhere(): boolean {
  return (
    process.listenerCount('uncaughtException') > 0 ||
    process.hasUncaughtExceptionCaptureCallback() ||
    process.report.reportOnUncaughtException
  );
}
