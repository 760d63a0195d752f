import type { Diagnostic } from '@enclos/build/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { failureLines, systemReason } from '@enclos/diagnostics';
import type { Printer } from '@enclos/command-line';

interface WithDiagnostics {
  readonly diagnostics: readonly Diagnostic[];
}

function diagnosticsOf(error: EnclosError): readonly Diagnostic[] {
  const { diagnostics = [] }: Partial<WithDiagnostics> = error as EnclosError & Partial<WithDiagnostics>;
  return diagnostics;
}

/** An error for people: where, what, the facts, and what to do. */
export async function renderError(error: EnclosError, printer: Printer): Promise<void> {
  const diagnostics = diagnosticsOf(error);
  if (diagnostics.length > 0) {
    const { renderDiagnostic } = await import('@enclos/build/diagnostics');
    for (const diagnostic of diagnostics) {
      printer.line(renderDiagnostic(diagnostic, { color: printer.color, width: printer.width }));
      printer.line();
    }
  }
  for (const line of failureLines(error, printer.paint)) printer.line(line);
}

/** An error for programs: the value of `error` in the JSON of a command that failed. */
export function errorJson(error: EnclosError): Readonly<Record<string, unknown>> {
  const { code, message, next, details } = error;
  const diagnostics = diagnosticsOf(error);
  return { code, message, next, details, ...(diagnostics.length === 0 ? {} : { diagnostics }) };
}

/** Gives anything that was thrown a code. */
export function toEnclosError(error: unknown): EnclosError {
  if (isEnclosError(error)) return error;
  if (isSystemError(error)) {
    return new EnclosError('CLI_SYSTEM_REFUSED', systemMessage(error), { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new EnclosError('CLI_UNEXPECTED', message === '' ? undefined : message, { cause: error });
}

/** An error of a system call has an error number and a code such as EACCES. Other errors of Node have a code only. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

function systemMessage({ code, message, path, syscall }: NodeJS.ErrnoException): string {
  const reason = systemReason(code);
  if (reason === undefined || syscall === undefined) return `${message}.`;
  const what = path === undefined ? syscall : `${syscall} ${path}`;
  return `The system refuses to ${what}: ${reason} (${code}).`;
}
