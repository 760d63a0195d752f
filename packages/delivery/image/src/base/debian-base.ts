import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EnclosError } from '@enclos/errors';
import type { PreparedBase } from './base.ts';
import { prepareForeignBase } from './foreign-base.ts';
import { baseMtimeSeconds, type BaseContext } from './node-base.ts';

const run = promisify(execFile);

const suite = 'trixie';
/** What the interpreter needs, roots of public authorities, and the programs that give an enclave its layers of isolation. */
const packages = ['ca-certificates', 'libstdc++6', 'util-linux'];

/**
 * A small Debian, made by mmdebstrap from the archive that this machine uses. The same state of the archive gives the same bytes.
 * @throws OCI_BASE_TOOL_MISSING, OCI_BASE_UNUSABLE
 */
export async function prepareDebianBase(context: BaseContext): Promise<PreparedBase> {
  if (context.isForeign) {
    // mmdebstrap runs programs of the packages that it unpacks.
    const reason = `A Debian for ${context.architecture} is not made on this machine: make it on one, and give it as a path.`;
    throw new EnclosError('OCI_BASE_UNUSABLE', reason);
  }
  const folder = await mkdtemp(join(tmpdir(), 'enclos-debian-'));
  try {
    const path = join(folder, 'root.tar');
    await runMmdebstrap(path, context);
    return await prepareForeignBase({ path, name: 'debian' }, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runMmdebstrap(path: string, { architecture }: BaseContext): Promise<void> {
  const words = ['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, `--architectures=${architecture}`];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(baseMtimeSeconds), TZ: 'UTC', LC_ALL: 'C.UTF-8' };
  try {
    await run('mmdebstrap', [...words, suite, path], { env, maxBuffer: 16 * 1024 * 1024 });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new EnclosError('OCI_BASE_TOOL_MISSING', 'mmdebstrap is not installed.', { cause });
    }
    const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().split('\n').at(-1) : '';
    throw new EnclosError('OCI_BASE_UNUSABLE', `mmdebstrap did not make a Debian: ${text}`, { cause });
  }
}
