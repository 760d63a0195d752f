import { parseJsonSource as parseSource, type JsonPath, type JsonSource } from '@enclos/codec/json';
import { diagnosticAt } from '@enclos/diagnostics';
import { isEnclosError, type ErrorCode } from '@enclos/errors';

import { BuildError } from '../diagnostic.ts';

export type { JsonPath, JsonSource };

/**
 * Parses JSON of a file that people write, and keeps positions.
 * @throws an error of `code` with one diagnostic at the first syntax error.
 */
export function parseJsonSource(file: string, text: string, code: ErrorCode = 'BUILD_MANIFEST_INVALID'): JsonSource {
  try {
    return parseSource(text);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const { start, end } = error.details;
    const span = { start: Number(start), end: Number(end) };
    const diagnostic = diagnosticAt({ file, text }, span, { code, text: error.message });
    throw new BuildError(code, `${file}: ${error.message}`, [diagnostic]);
  }
}
