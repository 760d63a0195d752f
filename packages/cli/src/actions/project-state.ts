import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseBuildReport, PROJECT_FILE, type Project } from '@enclos/build';
import { pinnedInterpreter } from '@enclos/manifest';
import { modifiedMs } from '../files.ts';

/**
 * Whether the image in `outFolder` is missing or older than something that it
 * is made of: the manifest, the source folders, embedded and trusted files, the
 * installed packages and runtime. Building again is always safe, so doubt means
 * stale.
 */
export async function isStale(project: Project, outFolder: string): Promise<boolean> {
  const builtMs = await modifiedMs(join(outFolder, `${project.name}.sgxs`));
  if (builtMs === undefined || !(await isOfThisInterpreter(join(outFolder, `${project.name}.report.json`)))) {
    return true;
  }
  for await (const path of inputsOf(project)) {
    const changedMs = await modifiedMs(path);
    if (changedMs !== undefined && changedMs > builtMs) return true;
  }
  return false;
}

async function isOfThisInterpreter(reportPath: string): Promise<boolean> {
  const bytes = await readFile(reportPath).catch(() => undefined);
  const report = bytes === undefined ? undefined : parseBuildReport(bytes);
  return report?.interpreter.version === pinnedInterpreter.version;
}

async function* inputsOf(project: Project): AsyncGenerator<string> {
  const inProject = (path: string): string => join(project.folder, path);
  yield* [PROJECT_FILE, 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json'].map(inProject);
  yield* runtimeOf(project.folder);
  for (const { source } of [...project.files, ...project.trustedFiles]) yield inProject(source);
  for (const folder of new Set([project.main, project.interface].map((path) => dirname(inProject(path))))) {
    yield* filesUnder(folder, { except: skipped });
  }
}

/** Newer than the image after an update of Enclos. */
function runtimeOf(folder: string): readonly string[] {
  try {
    return [createRequire(join(folder, PROJECT_FILE)).resolve('@enclos/enclave/boot')];
  } catch {
    // Not installed: the build says so better.
    return [];
  }
}

/** No sources of an enclave, and large. */
const skipped = new Set(['node_modules', '.enclos', '.git', 'dist']);

async function* filesUnder(
  folder: string,
  { except }: { readonly except: ReadonlySet<string> },
): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (except.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path, { except });
    else yield path;
  }
}
