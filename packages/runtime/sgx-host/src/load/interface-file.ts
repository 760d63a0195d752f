import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { bindInterface, type BoundInterface } from '@enclos/edl-calls/host';
import type { ForeignTypes } from '@enclos/edl-calls';
import { compileEdl, type DialectChoice, EdlFileError } from '@enclos/edl-compiler';
import { readInterfaceFile } from '@enclos/edl-compiler/node';
import { EnclosError } from '@enclos/errors';

/** How the path of an `.edl` file is compiled. A bound interface knows all this already. */
export interface InterfaceFileOptions {
  /** Whose rules count. Default: those of the SDK of the image. */
  readonly dialect?: DialectChoice | undefined;
  /** Where imports are looked for, after the folder of the file that imports. */
  readonly searchPaths?: readonly string[] | undefined;
  readonly defines?: Readonly<Record<string, string>> | undefined;
  /** What types of C headers are. */
  readonly foreign?: ForeignTypes | undefined;
  /** Addresses that are not checked and may be passed: `FUNCTION.PARAMETER`, `FUNCTION.return`, `STRUCTURE.MEMBER`. */
  readonly userCheck?: readonly string[] | undefined;
}

/**
 * Compiles an `.edl` file and what it imports.
 *
 * @throws EDL_FILE_REFUSED with its diagnostics; HOST_OPTION_INVALID for a file that cannot be read
 */
export function readInterface(file: string, options: InterfaceFileOptions): BoundInterface {
  const { dialect, searchPaths, defines, foreign = {}, userCheck = [] } = options;
  const { model, diagnostics } = compileEdl({
    file,
    read: (path) => readText(path, path === file),
    ...(dialect === undefined ? {} : { dialect }),
    ...(searchPaths === undefined ? {} : { searchPaths }),
    ...(defines === undefined ? {} : { defines }),
  });
  if (model === undefined) throw new EdlFileError(file, diagnostics);
  return bindInterface({ model, foreign, userCheck });
}

/** @returns undefined for an import that is not there: the next folder may have it */
function readText(path: string, isRequired: boolean): string | undefined {
  const text = textOf(path);
  return text === undefined && isRequired ? refuse(path, 'is not there, or is not a file') : text;
}

function textOf(path: string): string | undefined {
  try {
    const bytes = readInterfaceFile(path);
    return bytes === undefined ? undefined : withoutByteOrderMark(decodeUtf8(bytes));
  } catch (cause) {
    return refuse(path, 'cannot be read as text', cause);
  }
}

function refuse(path: string, problem: string, cause?: unknown): never {
  throw new EnclosError('HOST_OPTION_INVALID', `edl: ${path} ${problem}.`, { details: { path }, cause });
}
