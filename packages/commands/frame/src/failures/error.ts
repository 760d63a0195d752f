import type { Diagnostic } from '@enclos/build/diagnostics';
import { failureLines, systemReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { addressText, type Printer } from '@enclos/command-line';

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
    const { path } = error;
    return new EnclosError('CLI_SYSTEM_REFUSED', systemMessage(error), {
      ...(path === undefined ? {} : { details: { path } }),
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new EnclosError('CLI_UNEXPECTED', message === '' ? undefined : message, { cause: error });
}

/** An error of a system call has an error number and a code such as EACCES. Other errors of Node have a code only. */
function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

interface SystemError extends NodeJS.ErrnoException {
  /** Where a server listens or a client connects: an address, or the path of a socket. */
  readonly address?: string;
  readonly port?: number;
  /** The name that was looked up. */
  readonly hostname?: string;
  /** Where a file was to be copied or renamed to. */
  readonly dest?: string;
}

/** What a system call does, where its name does not say so. */
const verbs: ReadonlyMap<string, string> = new Map([
  ['bind', 'listen at'],
  ['copyfile', 'copy'],
  ['fsync', 'write'],
  ['getaddrinfo', 'look up'],
  ['link', 'write'],
  ['listen', 'listen at'],
  ['lstat', 'look at'],
  ['mkdir', 'make the folder'],
  ['mkdtemp', 'make a folder like'],
  ['rename', 'write'],
  ['rm', 'remove'],
  ['rmdir', 'remove the folder'],
  ['scandir', 'list the folder'],
  ['opendir', 'list the folder'],
  ['spawn', 'start'],
  ['stat', 'look at'],
  ['unlink', 'remove'],
]);

function systemMessage(error: SystemError): string {
  const { code, message, syscall = '' } = error;
  const reason = systemReason(code);
  const [call = '', ...rest] = syscall.split(' ');
  // Where it says nothing about the place, the message of Node may.
  const place = placeOf(error) ?? (rest.length > 0 ? rest.join(' ') : undefined);
  if (reason === undefined || call === '' || place === undefined) return `${message}.`;
  return `Cannot ${verbs.get(call) ?? call} ${place}: ${reason} (${code}).`;
}

function placeOf({ path, dest, address, port, hostname }: SystemError): string | undefined {
  if (path !== undefined) return dest === undefined || dest === path ? path : `${path} to ${dest}`;
  if (address !== undefined) return port === undefined || port < 0 ? address : addressText({ host: address, port });
  return hostname;
}
