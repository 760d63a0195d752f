import { resolve } from 'node:path';
import { refuseUsage } from '@enclos/cli-frame';
import { readSmallText, textOf, unreadable } from '@enclos/cli-frame/files';
import { renderDiagnostic, type Diagnostic } from '@enclos/diagnostics';
import {
  compileEdl,
  EdlFileError,
  parseWarningOptions,
  type Compilation,
  type DialectChoice,
  type EdlModel,
  type WarningChoice,
} from '@enclos/edl-compiler';
import { longestFile, readInterfaceFile } from '@enclos/edl-compiler/node';
import type { Printer } from '@enclos/command-line';

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
  // One byte more than the compiler takes, so that it says what is too much.
  return readSmallText(path, longestFile + 1);
}

/** The text of an imported file; undefined for one that is not there. @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
function readImported(path: string): string | undefined {
  const bytes = bytesOf(path);
  return bytes === undefined ? undefined : textOf(path, bytes);
}

function bytesOf(path: string): Uint8Array | undefined {
  try {
    return readInterfaceFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
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
