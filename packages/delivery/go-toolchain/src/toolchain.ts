import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { EnclosError } from '@enclos/errors';

/** A Go that is installed. */
export interface GoToolchain {
  /** The program `go`. */
  readonly path: string;
  /** Its root, with the sources of the standard library in `src`. */
  readonly root: string;
  /** Such as `go1.24.4`. */
  readonly version: string;
}

/** Where distributions put a Go that is not in PATH. */
const usualPlaces = ['/usr/lib/go-1.24/bin/go', '/usr/local/go/bin/go'] as const;

const run = promisify(execFile);

/**
 * Finds the user's Go: the one that is named, or the first of PATH, of Debian's folder and of the folder of Go's own archive.
 * @param named the program
 * @throws GO_NOT_FOUND
 */
export async function findGo(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GoToolchain> {
  const inPath = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'go'));
  const candidates = named === undefined ? [...inPath, ...usualPlaces] : [named];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const where = named === undefined ? `in PATH, ${usualPlaces.join(' or ')}` : `at ${named}`;
    throw new EnclosError('GO_NOT_FOUND', `There is no Go ${where}.`);
  }
  return describeGo(path, environment);
}

async function describeGo(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<GoToolchain> {
  try {
    const { stdout } = await run(path, ['env', 'GOROOT', 'GOVERSION'], {
      env: { ...environment, GOTOOLCHAIN: 'local', GOFLAGS: '', GOROOT: '', GO111MODULE: 'off' },
    });
    const [root = '', version = ''] = stdout.trim().split('\n');
    if (!existsSync(join(root, 'src'))) {
      throw new EnclosError('GO_NOT_FOUND', `${path} has no sources of the standard library in ${root}/src.`);
    }
    return { path, root, version };
  } catch (cause) {
    if (cause instanceof EnclosError) throw cause;
    throw new EnclosError('GO_NOT_FOUND', `${path} cannot be run.`, { cause });
  }
}
