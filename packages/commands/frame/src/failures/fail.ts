import { stackVariable } from '@enclos/diagnostics';
import { createPrinter, exitCodeOf } from '@enclos/command-line';
import type { Io } from '../output/io.ts';
import { errorJson, renderError, toEnclosError } from './error.ts';

/** Reports an error: to people on standard error, or to programs on standard output. @returns the exit code */
export async function fail(thrown: unknown, json: boolean, io: Io): Promise<number> {
  const error = toEnclosError(thrown);
  if (json) io.stdout.write(`${JSON.stringify({ error: errorJson(error) })}\n`);
  else await renderError(error, createPrinter(io.stderr));
  if (io.env[stackVariable] === '1') io.stderr.write(`${stackOf(error)}\n`);
  return exitCodeOf(error);
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
