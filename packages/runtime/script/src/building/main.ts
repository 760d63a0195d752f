// Builds the interpreter into dist/native, with a record of it, where its tools and its source are; `findQuickJs` says so where not.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { durable } from '@enclos/durable';
import { parseQuickJsRecord, quickJsName, type QuickJsRecord } from '../artefact/record.ts';
import { buildFlags, compileQuickJs, nativeFolder } from './compile.ts';
import { editSource } from './edits.ts';
import { cacheFolder, filesSha256, findSource, sourcePackage } from './source.ts';
import { findToolchain, type Toolchain } from './toolchain.ts';

const folder = fileURLToPath(new URL('../../native/', import.meta.url));
const path = join(folder, quickJsName);

/** SHA-256 of everything that the interpreter is built from. */
function inputsOf({ name, libraries }: Toolchain): string {
  const hash = createHash('sha256').update(
    JSON.stringify([filesSha256, name, libraries, buildFlags, editSource.toString()]),
  );
  hash.update(readFileSync(new URL('edits.js', import.meta.url)));
  for (const entry of readdirSync(nativeFolder, { recursive: true, withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isFile() || entry.parentPath.endsWith('/fuzz')) continue;
    hash.update(`\n${entry.name}\n`).update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}

async function build(cached: string): Promise<Uint8Array | undefined> {
  const work = mkdtempSync(join(tmpdir(), 'enclos-quickjs-'));
  try {
    const source = await findSource(work);
    if (source === undefined) return undefined;
    const objects = join(work, 'build');
    mkdirSync(objects);
    const wasm = await compileQuickJs(source, objects);
    await durable.replace(cached, wasm, { mode: 0o644, folderMode: 0o700, isCache: true });
    return wasm;
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function provide(toolchain: Toolchain): Promise<void> {
  const inputs = inputsOf(toolchain);
  const recordPath = `${path}.json`;
  const isThere = existsSync(path) && existsSync(recordPath);
  if (isThere && parseQuickJsRecord(readFileSync(recordPath))?.inputs === inputs) return;
  const cached = join(cacheFolder(), `${inputs}.wasm`);
  const wasm = existsSync(cached) ? readFileSync(cached) : await build(cached);
  if (wasm === undefined) return;
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  const record: QuickJsRecord = { sha256, source: sourcePackage, toolchain: toolchain.name, inputs };
  await durable.replace(path, wasm, { mode: 0o644, folderMode: 0o755, isCache: true });
  await durable.replace(recordPath, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644, isCache: true });
}

const toolchain = await findToolchain();
try {
  if (toolchain !== undefined) await provide(toolchain);
} catch (error) {
  // All else can be built without it.
  process.stderr.write(
    `The interpreter of scripts was not built: ${error instanceof Error ? error.message : String(error)}\n`,
  );
}
