// Builds the stub into dist/native, with a record of it, where a compiler is installed; `findStub` says so where none is.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { durable } from '@enclos/durable';
import { parseStubRecord, stubName, type StubRecord } from '../stub-record.ts';
import { compilerVersion, compileStub, digestOfSources, stubCompilers } from './compile.ts';

/** A byte of CPUSVN. Raised, by one, when what older stubs protected is no longer safe with them. */
const securityVersion = 1;

async function buildStub(folder: string): Promise<void> {
  for (const name of process.arch === 'x64' && process.platform === 'linux' ? stubCompilers : []) {
    const compiler = await compilerVersion(name);
    if (compiler === undefined) continue;
    const path = join(folder, stubName);
    const sources = digestOfSources(compiler);
    if (isBuilt(path, sources)) return;
    const work = mkdtempSync(join(tmpdir(), 'enclos-stub-'));
    try {
      const made = join(work, stubName);
      await compileStub(name, made);
      const content = readFileSync(made);
      const sha256 = createHash('sha256').update(content).digest('hex');
      const record: StubRecord = { sha256, securityVersion, compiler, sources };
      await durable.replace(path, content, { mode: 0o755, folderMode: 0o755, isCache: true });
      await durable.replace(`${path}.json`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644, isCache: true });
    } finally {
      rmSync(work, { recursive: true });
    }
    return;
  }
}

function isBuilt(path: string, sources: string): boolean {
  if (!existsSync(path) || !existsSync(`${path}.json`)) return false;
  return parseStubRecord(readFileSync(`${path}.json`))?.sources === sources;
}

await buildStub(fileURLToPath(new URL('../../native', import.meta.url)));
