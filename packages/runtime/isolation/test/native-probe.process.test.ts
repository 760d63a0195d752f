import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { planAllWays } from '../src/layers/choose.ts';
import { enclaveCommand } from '../src/layers/command.ts';
import type { IsolationPlan } from '../src/layers/plan.ts';
import { runCommand, withOpened, type Run } from '../src/layers/run.ts';
import { writeStartFiles, type StartFiles } from '../src/layers/start-files.ts';
import { nativeCallNames, nativeProbe, readProbe } from './native-probe.ts';

/** In place of the interpreter, with the same layers: every Debian has it, and it makes any system call. */
const perl = '/usr/bin/perl';
const isRoot = process.getuid?.() === 0;
/** Nobody's number: the kernel needs no account for it. */
const ordinaryUser = 61_184;

interface Setting {
  readonly name: string;
  readonly way: IsolationPlan['way'];
  readonly asUser: readonly string[];
  readonly userId: number | undefined;
  /** As on a separated platform. */
  readonly enclaveUser?: number;
}

const users = [
  { name: 'this user', asUser: [], userId: process.getuid?.() },
  { name: 'a user that root gives it', asUser: [], userId: 0, enclaveUser: ordinaryUser },
  {
    name: 'an ordinary user',
    asUser: ['setpriv', '--reuid', String(ordinaryUser), '--regid', String(ordinaryUser), '--clear-groups', '--'],
    userId: ordinaryUser,
  },
];
const settings: readonly Setting[] = (['bubblewrap', 'util-linux'] as const).flatMap((way) =>
  users.map(({ name, ...user }) => ({ ...user, way, name: `${way} as ${name}` })),
);

// Not below the folder for temporary files of this user, which others might not be able to enter.
const folder = mkdtempSync('/tmp/enclos-native-');
const victim = join(folder, 'victim');
let files: StartFiles;
let listener: Server;

before(async () => {
  chmodSync(folder, 0o755);
  writeFileSync(victim, 'content');
  files = await writeStartFiles(folder);
  listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
});
after(() => {
  listener.close();
  rmSync(folder, { recursive: true });
});

/** The plan that this machine gives for Perl, which does not know the options of the interpreter. */
function planFor({ way, asUser, userId, enclaveUser }: Setting): IsolationPlan {
  const run: Run = (command, args, inherited) => {
    const words = [...asUser, command, ...args.filter((word) => !word.startsWith('--openssl-config'))];
    // Perl starts no thread, so a bound of one stops nothing: tests/attacks tries it with a program that does.
    if (words.join(' ').includes(' r6 v1 ')) return undefined;
    const [first = '', ...others] = words;
    return runCommand(first, others, inherited);
  };
  const options = {
    interpreterPath: perl,
    ...files,
    run,
    ...(userId === undefined ? {} : { userId }),
    ...(enclaveUser === undefined ? {} : { enclaveUser }),
  };
  const plan = planAllWays(options).find((candidate) => candidate.way === way);
  assert.ok(plan);
  return plan;
}

/** Runs the probe with a listening socket as descriptor 3. */
function probe(words: readonly string[], plan?: IsolationPlan): Readonly<Record<string, string>> {
  const socket: unknown = Reflect.get(Object(Reflect.get(listener, '_handle')) as object, 'fd');
  const line: readonly string[] = [...words, '-e', nativeProbe(victim)];
  const [command = '', ...args] = line;
  const { stdout, stderr } = withOpened(plan?.inherited, (filter) =>
    spawnSync(command, args, {
      encoding: 'utf8',
      env: {},
      cwd: '/',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe', Number(socket), 'ignore', 'ignore', 'ignore', ...filter],
    }),
  );
  assert.equal(stderr, '');
  return readProbe(stdout);
}

const noPerl = !existsSync(perl) && 'needs perl';
/** What a file view says of a file, what it says of its name, and what of a new one. */
const fileErrors = {
  bubblewrap: { file: 'ENOENT', name: 'ENOENT', root: 'ok', created: ['EROFS', 'EACCES', 'ENOENT'] },
  'util-linux': { file: 'EACCES', name: 'ok', root: 'EACCES', created: ['EACCES'] },
};

describe('native code in an enclave', { skip: noPerl }, () => {
  for (const setting of settings) {
    const isOther = setting.asUser.length > 0 || setting.enclaveUser !== undefined;
    const needsRoot = isOther && !isRoot && 'needs root, to become another user';
    test(`gets nothing of the machine by ${setting.name}`, { skip: needsRoot }, (t) => {
      const plan = planFor(setting);
      const missing = plan.layers.filter(({ active }) => !active);
      if (missing.length > 0) {
        t.skip(`this machine lacks ${missing.map(({ name, detail }) => `${name}: ${detail}`).join(' ')}`);
        return;
      }
      const needs = { heapSizeBytes: 64n * 1024n * 1024n, threads: 4, user: setting.enclaveUser };
      const words = [...setting.asUser, ...enclaveCommand(plan, needs, perl)];
      const got = probe(words, plan);
      for (const name of nativeCallNames) assert.equal(got[name], 'EPERM', name);
      assert.equal(got['clone3'], 'ENOSYS');
      assert.equal(got['prctl, to name a thread'], 'ok');
      const errors = fileErrors[setting.way];
      assert.equal(got['open a file'], errors.file);
      assert.equal(got['stat a file'], errors.name);
      assert.equal(got['open the environment'], errors.file);
      assert.equal(got['execve of another program'], errors.file);
      assert.equal(got['list the root folder'], errors.root);
      // Before any file view: a filter that does not list it.
      assert.equal(got['make a folder'], 'EPERM');
      assert.ok(errors.created.includes(got['open a file to write'] ?? ''));
    });
  }

  test(
    'would get much of it without isolation, so the attempts are real ones',
    { skip: !isRoot && 'needs root' },
    () => {
      const got = probe([perl]);
      rmSync('/enclave-was-here', { recursive: true });
      rmSync('/tmp/enclave-was-here');
      const ofFiles = ['open a file', 'stat a file', 'open the environment', 'list the root folder', 'make a folder'];
      for (const name of ofFiles) assert.equal(got[name], 'ok', name);
      const refusedAnyway = nativeCallNames.filter((name) => got[name] === 'EPERM');
      // A container may refuse some of them on its own.
      assert.ok(refusedAnyway.length < nativeCallNames.length / 2, refusedAnyway.join(', '));
    },
  );
});
