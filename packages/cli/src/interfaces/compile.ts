import { resolve } from 'node:path';
import { refuseUsage } from '@enclos/cli-frame';
import { readSmallText, textOf, unreadable } from '@enclos/cli-frame/files';
import { renderDiagnostic, type Diagnostic } from '@enclos/diagnostics';
import { hasCode, readBoundedFileSync, type BoundedFile } from '@enclos/durable';
import {
  compileEdl,
  EdlFileError,
  parseWarningOptions,
  type Compilation,
  type DialectChoice,
  type EdlModel,
  type WarningChoice,
} from '@enclos/edl-compiler';
import type { Printer } from '@enclos/command-line';

/** As much as the compiler takes. One byte more is read, so that it says what is too much. */
const longestFile = 4 * 1024 * 1024;

/** The options of a command line that compiles. */
export interface CompileInput {
  readonly dialect: DialectChoice;
  readonly 'search-path': readonly string[];
  readonly define: readonly string[];
  readonly warn: readonly string[];
}

/** How to compile, once for all files of a command line. */
export interface CompileSettings {
  readonly cwd: string;
  readonly dialect: DialectChoice;
  readonly searchPaths: readonly string[];
  readonly defines: Readonly<Record<string, string>>;
  readonly warnings: WarningChoice;
}

/** @throws CLI_USAGE */
export function settingsOf(input: CompileInput, cwd: string): CompileSettings {
  const { choice, problems } = parseWarningOptions(input.warn.map((option) => `-W${option}`));
  const [problem] = problems;
  if (problem !== undefined) refuseUsage(problem);
  return {
    cwd,
    dialect: input.dialect,
    searchPaths: input['search-path'].flatMap((paths) => paths.split(':')).filter((path) => path !== ''),
    defines: definesOf(input.define),
    warnings: choice,
  };
}

/** @throws CLI_USAGE */
export function definesOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(given.map(defineOf));
}

function defineOf(given: string): readonly [name: string, text: string] {
  const [, name, text = ''] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(given) ?? [];
  return name === undefined
    ? refuseUsage(`-D is a name, or NAME=TEXT, and not ${JSON.stringify(given)}.`)
    : [name, text];
}

/**
 * Compiles a file. What is wrong with it, and with what it imports, is in the diagnostics.
 * @param file as it was given
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function compileFile(file: string, settings: CompileSettings): Promise<Compilation> {
  const { cwd, ...options } = settings;
  // The file itself may be a pipe, and a reason why it cannot be read is worth more than that it is missing.
  const own = resolve(cwd, file);
  const text = await readSource(own);
  const read = (path: string): string | undefined => {
    const absolute = resolve(cwd, path);
    return absolute === own ? text : readImported(absolute);
  };
  return compileEdl({ ...options, file, read });
}

/**
 * The text of a file that the command line names.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export function readSource(path: string): Promise<string> {
  return readSmallText(path, longestFile + 1);
}

/** What a system says of a path at which nothing can be, or nothing that is read. */
const absentCodes = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO'];

/**
 * The text of an imported file; undefined for one that is not there. An interface names it, so it may be anything: a pipe without a
 * writer, or a file of /proc, which says that it is empty and has no end.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
function readImported(path: string): string | undefined {
  let found: BoundedFile;
  try {
    found = readBoundedFileSync(path, longestFile);
  } catch (cause) {
    if (absentCodes.some((code) => hasCode(cause, code))) return undefined;
    throw unreadable(path, cause);
  }
  // The compiler refuses a file that is too large, and needs no more of it to say so.
  if ('unfit' in found) return found.unfit === 'is not a file' ? undefined : ' '.repeat(longestFile + 1);
  return textOf(path, found.bytes);
}

/**
 * The interface of a file, with its warnings.
 * @throws EDL_FILE_REFUSED with its diagnostics; CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function modelOf(
  file: string,
  settings: CompileSettings,
): Promise<{ readonly model: EdlModel; readonly diagnostics: readonly Diagnostic[] }> {
  const { model, diagnostics } = await compileFile(file, settings);
  if (model === undefined) throw new EdlFileError(file, diagnostics);
  return { model, diagnostics };
}

/** Diagnostics as code frames, an empty line after each. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], printer: Printer): void {
  for (const diagnostic of diagnostics) {
    printer.line(renderDiagnostic(diagnostic, { color: printer.color, width: printer.width }));
    printer.line();
  }
}
