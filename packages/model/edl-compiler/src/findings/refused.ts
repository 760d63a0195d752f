import { EnclosError } from '@enclos/errors';
import type { Diagnostic } from '@enclos/diagnostics';
import '../errors.ts';

/**
 * The error for callers that cannot go on with a file that breaks rules.
 *
 * @param path The file, as people know it
 * @param diagnostics At least one of them an error
 * @returns EDL_FILE_REFUSED, with the diagnostics in its details
 */
export function refusedFile(path: string, diagnostics: readonly Diagnostic[]): EnclosError {
  const errors = diagnostics.filter(({ severity }) => severity !== 'warning');
  const [first] = errors;
  const place = [first?.file ?? path, first?.line, first?.column].filter((part) => part !== undefined).join(':');
  const more = errors.length < 2 ? '' : ` (and ${errors.length - 1} more)`;
  return new EnclosError('EDL_FILE_REFUSED', `${place}: ${first?.text ?? 'The file breaks a rule.'}${more}`, {
    details: { diagnostics },
  });
}
