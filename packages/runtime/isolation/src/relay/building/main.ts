// Builds the relay of private networks into dist/native where a compiler is installed; a platform without it says so.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { durable } from '@enclos/durable';
import { compilerVersion, stubCompilers } from '@enclos/sgx-stub/building';
import { relayName } from '../find-relay.ts';
import { relayFlags } from './flags.ts';

const sourceFolder = fileURLToPath(new URL('../../../../src/relay/native/', import.meta.url));

async function buildRelay(folder: string): Promise<void> {
  const sources = readdirSync(sourceFolder).toSorted();
  for (const name of process.platform === 'linux' ? stubCompilers : []) {
    const compiler = await compilerVersion(name);
    if (compiler === undefined) continue;
    const hash = createHash('sha256').update(JSON.stringify([compiler, relayFlags]));
    for (const source of sources) hash.update(`\n${source}\n`).update(readFileSync(join(sourceFolder, source)));
    const [path, digest] = [join(folder, relayName), hash.digest('hex')];
    const mark = `${path}.sources`;
    if (existsSync(path) && existsSync(mark) && readFileSync(mark, 'utf8') === digest) return;
    const work = mkdtempSync(join(tmpdir(), 'enclos-relay-'));
    try {
      const made = join(work, relayName);
      const units = sources.filter((source) => source.endsWith('.c'));
      execFileSync(name, [...relayFlags, '-o', made, ...units], { cwd: sourceFolder, stdio: 'inherit' });
      await durable.replace(path, readFileSync(made), { mode: 0o755, folderMode: 0o755, isCache: true });
      await durable.replace(mark, digest, { mode: 0o644, isCache: true });
    } finally {
      rmSync(work, { recursive: true });
    }
    return;
  }
}

await buildRelay(fileURLToPath(new URL('../../../native', import.meta.url)));
