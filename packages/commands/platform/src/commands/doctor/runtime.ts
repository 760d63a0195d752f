import { spawnSync } from 'node:child_process';
import { isEnclosError } from '@enclos/errors';
import { verifyInterpreter, type VerifiedInterpreter } from '@enclos/isolation';
import { failure, ok, type Check } from './check.ts';

const oldestNode = [20, 19] as const;

/** The Node that runs hosts and tools. @param version such as `20.19.0` */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isRecent = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isRecent) return ok('node', `Node ${version} runs the host and this tool`);
  return failure('node', `Node ${version} is too old`, `Install Node ${oldestNode.join('.')} or later.`);
}

export interface InterpreterChecks {
  readonly checks: readonly Check[];
  /** Present when it is the pinned one. */
  readonly path?: string;
}

/** The pinned interpreter that runs enclaves: present, unchanged, and able to start. */
export async function checkInterpreter(
  find: () => Promise<VerifiedInterpreter> = verifyInterpreter,
): Promise<InterpreterChecks> {
  let found: VerifiedInterpreter;
  try {
    found = await find();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return { checks: [failure('interpreter', error.message, error.next)] };
  }
  const { path, version } = found;
  return { checks: [ok('interpreter', `Node ${version}, its SHA-256 is the pinned one`), checkStart(path)], path };
}

/** With nothing of this environment, as an enclave starts. */
function checkStart(path: string): Check {
  const { status, stderr } = spawnSync(path, ['--version'], { env: {}, encoding: 'utf8', timeout: 10_000 });
  if (status === 0) {
    return ok('libraries', 'The interpreter starts with the libraries that are here; libatomic is not needed');
  }
  const [reason = 'it does not start'] = (stderr ?? '').split('\n');
  return failure(
    'libraries',
    `The interpreter does not start: ${reason}`,
    'Install the library that it names; a plain Debian has them all.',
  );
}
