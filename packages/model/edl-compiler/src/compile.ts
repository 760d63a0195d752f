import type { Diagnostic } from '@enclos/diagnostics';
import { checkEdl } from './check/check.ts';
import { Findings } from './findings/findings.ts';
import { readingOf } from './findings/readings.ts';
import { loadEdl } from './loading/load.ts';
import type { EdlModel } from './model/model.ts';
import type { DialectChoice } from './source/dialect.ts';
import { judgeBy, type WarningChoice } from './warnings/choice.ts';

export interface CompileOptions {
  /** The path of the file, as `read` knows it. */
  readonly file: string;
  /** Gives the text of a file; undefined when there is none of this path. It is asked for each path once. */
  readonly read: (path: string) => string | undefined;
  /** Folders in which imports are looked for, after the folder of the importing file. */
  readonly searchPaths?: readonly string[];
  /** Macros, with their texts. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Default: `both`, which takes every file that one of the compilers accepts. Where they read different text, Intel's reading comes first. */
  readonly dialect?: DialectChoice;
  /** Default: the warnings that are on by default, as warnings. */
  readonly warnings?: WarningChoice;
}

export interface Compilation {
  /** Absent when a diagnostic is an error. */
  readonly model?: EdlModel;
  /** By file and place; at most 200. */
  readonly diagnostics: readonly Diagnostic[];
  /** The paths of all files that were read, the compiled one first. */
  readonly files: readonly string[];
}

/**
 * Compiles an interface: reads the file and what it imports, and holds it to the rules of Open Enclave's and Intel's compilers.
 *
 * It throws for nothing that stands in a file. Files are at most 4 MiB, 256, and 64 imports deep.
 *
 * @example
 * const { model, diagnostics } = compileEdl({ file: 'app.edl', read: (path) => files.get(path) });
 * for (const diagnostic of diagnostics) console.error(renderDiagnostic(diagnostic));
 */
export function compileEdl(options: CompileOptions): Compilation {
  const { file, searchPaths = [], defines = {}, warnings = {} } = options;
  const read = readOnce(options.read);
  const { result, findings } = readingOf(options.dialect ?? 'both', (dialect) => {
    const own = new Findings({ dialect, judge: judgeBy(warnings) });
    const { loaded, paths } = loadEdl(file, { read, searchPaths, defines, dialect, findings: own });
    const model = loaded === undefined ? undefined : checkEdl(loaded, dialect, own);
    return { dialect, findings: own, result: { model, paths } };
  });
  const { model, paths } = result;
  const diagnostics = findings.diagnostics();
  return { ...(model === undefined || findings.hasErrors ? {} : { model }), diagnostics, files: paths };
}

function readOnce(read: CompileOptions['read']): CompileOptions['read'] {
  const texts = new Map<string, string | undefined>();
  return (path) => {
    if (!texts.has(path)) texts.set(path, read(path));
    return texts.get(path);
  };
}
