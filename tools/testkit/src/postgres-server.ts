import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from './sockets/free-port.ts';
import { testWithPrograms } from './programs.ts';

const versions = '/usr/lib/postgresql';

/** Of Debian's package `postgresql`, the newest. */
function findPrograms(): string | undefined {
  if (!existsSync(versions)) return undefined;
  const found = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return found.map((version) => join(versions, version, 'bin')).find((path) => existsSync(join(path, 'initdb')));
}

const programs = findPrograms();
/** Why there is none, or nothing. */
export const postgresAbsence = programs === undefined ? 'PostgreSQL is absent (apt-get install postgresql)' : undefined;

/** Tests with a real PostgreSQL. Without one they are skipped, visibly and counted; in CI that fails. */
export function postgresTest(name: string, body: (t: TestContext) => Promise<void>): void {
  testWithPrograms(name, { absence: postgresAbsence, failure: (absence) => `${absence}.` }, body);
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })));
  return { uid: uid ?? Number.NaN, gid: gid ?? Number.NaN };
}

/** A server of one's own: a cluster in a folder, a port of the loopback interface and a socket in the folder. */
export interface PostgresServer {
  /** Of a new, empty database. */
  readonly database: () => Promise<string>;
  /** With `crash`, open transactions and connections are cut. */
  readonly restart: (mode: 'orderly' | 'crash') => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Statements as the superuser. */
  readonly query: (url: string, statement: string) => Promise<string>;
  readonly remove: () => Promise<void>;
}

export const postgresPassword = 'a-password-of-the-tests';

export async function startPostgres(): Promise<PostgresServer> {
  if (programs === undefined) throw new Error('PostgreSQL is absent.');
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'enclos-pg-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C', PGPASSWORD: postgresPassword } };
    return (await promisify(execFile)(join(programs, program), args, options)).stdout;
  };
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, postgresPassword, { mode: 0o644 });
  await run('initdb', '-D', data, '-U', 'tester', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync');
  const port = await freePort();
  const settings = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  const control = (...args: readonly string[]): Promise<string> =>
    run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), ...args);
  const start = async (): Promise<void> => void (await control('-o', settings, 'start'));
  const urlOf = (database: string): string => `postgres://tester:${postgresPassword}@127.0.0.1:${port}/${database}`;
  const query = (url: string, statement: string): Promise<string> =>
    run('psql', '-X', '-A', '-t', '-c', statement, url);
  await start();
  let databases = 0;
  return {
    database: async () => {
      const name = `test${databases++}`;
      await query(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    restart: async (mode) => {
      await control('-m', mode === 'crash' ? 'immediate' : 'fast', 'stop');
      await start();
    },
    stop: async () => void (await control('-m', 'fast', 'stop')),
    start,
    query,
    remove: async () => {
      await control('-m', 'immediate', 'stop').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
