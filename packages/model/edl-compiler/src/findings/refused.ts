import { EnclosError } from '@enclos/errors';
import type { Diagnostic } from '@enclos/diagnostics';
import '../errors.ts';

/** An EDL file breaks rules: `code` is EDL_FILE_REFUSED, and the message is the first of them. */
export class EdlFileError extends EnclosError {
  readonly diagnostics: readonly Diagnostic[];

  /**
   * @param path The file, as people know it
   * @param diagnostics At least one of them an error
   */
  constructor(path: string, diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter(({ severity }) => severity !== 'warning');
    const [first] = errors;
    const place = [first?.file ?? path, first?.line, first?.column].filter((part) => part !== undefined).join(':');
    const more = errors.length < 2 ? '' : ` (and ${errors.length - 1} more)`;
    super('EDL_FILE_REFUSED', `${place}: ${first?.text ?? 'The file breaks a rule.'}${more}`);
    this.diagnostics = diagnostics;
  }
}
