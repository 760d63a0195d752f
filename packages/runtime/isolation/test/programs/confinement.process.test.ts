import assert from 'node:assert/strict';
import { spawn, type StdioOptions } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { nativeTest, probeProgram } from '@enclos/testkit';
import { planAllWays } from '../../src/layers/choose.ts';
import type { IsolationPlan } from '../../src/layers/plan.ts';
import { withOpened } from '../../src/layers/run.ts';
import { writeOuterFilter, writeStartFiles, type StartFiles } from '../../src/layers/start-files.ts';
import { programCommand, programPlan, type ProgramNeeds } from '../../src/programs/program-command.ts';
import { writeLastSteps, type LastSteps } from '../../src/programs/program-files.ts';

const isRoot = process.getuid?.() === 0;
const ordinaryUser = 61_184;
/** Not below the folder for temporary files of this user, which others might not be able to enter. */
const folder = mkdtempSync('/tmp/enclos-program-');
const path = join(folder, 'program');
let files: StartFiles;
let lastSteps: LastSteps;
let outerFilter: string;

before(async () => {
  chmodSync(folder, 0o755);
  files = await writeStartFiles(folder);
  lastSteps = await writeLastSteps(folder);
  outerFilter = await writeOuterFilter(folder);
  writeFileSync(join(folder, 'victim'), 'content');
  if (process.arch !== 'x64') return;
  copyFileSync(probeProgram(), path);
  chmodSync(path, 0o555);
});
after(() => rmSync(folder, { recursive: true }));

interface Setting {
  readonly way: IsolationPlan['way'];
  readonly user?: number;
}
const settings: readonly Setting[] = (['util-linux', 'bubblewrap'] as const).flatMap((way) => [
  { way },
  ...(isRoot ? [{ way, user: ordinaryUser }] : []),
]);

const known = new Map<Setting, IsolationPlan | undefined>();

/** Finding a plan takes seconds where processors are shared. */
function planOf(setting: Setting): IsolationPlan | undefined {
  if (!known.has(setting)) known.set(setting, findPlan(setting));
  return known.get(setting);
}

function findPlan({ way, user }: Setting): IsolationPlan | undefined {
  const plans = planAllWays({
    interpreterPath: process.execPath,
    ...files,
    cgroup: undefined,
    ...(user === undefined ? {} : { enclaveUser: user }),
  });
  const plan = plans.find((candidate) => candidate.way === way);
  return plan?.layers.every(({ active, name }) => active || name === 'threads') === true ? plan : undefined;
}

interface Ran {
  readonly lines: Readonly<Record<string, string>>;
  readonly code: number | null;
}

/** Runs the probe as the platform does, with descriptor 3 to this process, and others that it must not get. */
async function run(plan: IsolationPlan, calls: readonly string[], changes: Partial<ProgramNeeds> = {}): Promise<Ran> {
  const passage = changes.passage === true;
  const lastStep = changes.lastStep ?? (passage ? lastSteps.passing : lastSteps.plain);
  const own = programPlan(plan, { path, filterPath: outerFilter, starters: [lastStep] });
  const needs = { heapSizeBytes: 16n << 20n, threads: 1, argv: ['probe', 'calls', ...calls], environment: new Map() };
  const [command = '', ...words] = programCommand(own, { ...needs, passage, ...changes, lastStep }, path);
  // Without FD_CLOEXEC in the child: Node makes each a descriptor of it.
  const inherited = openSync('/etc/passwd', 'r');
  const child = withOpened(own.inherited, ([filter]) => {
    const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'ignore'];
    stdio[7] = filter ?? inherited;
    stdio[8] = passage ? 'pipe' : inherited;
    stdio[12] = inherited;
    for (const at of [9, 10, 11]) stdio[at] = inherited;
    return spawn(command, words, { stdio, env: {}, cwd: '/' });
  });
  closeSync(inherited);
  let text = '';
  // Descriptor 3 is a socket, of which Node makes a stream.
  const answers = child.stdio[3];
  if (answers === null || answers === undefined || !('setEncoding' in answers)) {
    throw new Error('There is no descriptor 3.');
  }
  answers.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    code,
    lines: Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf('=')), nameOf(line)])),
  };
}

/** The name of an error, or `ok`. */
function nameOf(line: string): string {
  const value = Number(line.slice(line.lastIndexOf('=') + 1));
  if (value >= 0) return 'ok';
  return Object.entries(constants.errno).find(([, number]) => number === -value)?.[0] ?? String(value);
}

/** By what it is: the call, and what it gets. */
const attempts: Readonly<Record<string, readonly [spec: string, error: string]>> = {
  'a new socket': ['41,2,1,0', 'EPERM'],
  'a Unix socket': ['41,1,1,0', 'EPERM'],
  'a pair of sockets': ['53,1,1,0,p', 'EPERM'],
  'connect of the gate': ['42,3,p,16', 'EPERM'],
  'bind of the gate': ['49,3,p,16', 'EPERM'],
  'listen of the gate': ['50,3,1', 'EPERM'],
  'accept of the gate': ['288,3,0,0,2048', 'EPERM'],
  'setsockopt of the gate': ['54,3,1,2,p,4', 'EPERM'],
  'sendmsg, which passes descriptors': ['46,3,p,0', 'EPERM'],
  ptrace: ['101,16,1,0,0', 'EPERM'],
  'the memory of another process': ['310,1,p,0,p,0,0', 'EPERM'],
  'execve by descriptor': ['322,-1,p,0,0,4096', 'EPERM'],
  memfd_create: ['319,sa,0', 'EPERM'],
  fork: ['57', 'EPERM'],
  vfork: ['58', 'EPERM'],
  'clone of a process': ['56,17,0,0,0,0', 'EPERM'],
  'a namespace for a thread': ['56,0x10050f00,0,0,0,0', 'EPERM'],
  kill: ['62,1,0', 'EPERM'],
  'memory that is executable': ['9,0,4096,7,0x22,-1,0', 'EPERM'],
  'memory to run that is not writable': ['9,0,4096,5,0x22,-1,0', 'EPERM'],
  'its data, made executable': ['10,p,4096,7', 'EPERM'],
  'shared memory': ['9,0,4096,3,0x21,-1,0', 'EPERM'],
  mremap: ['25,p,4096,8192,1', 'EPERM'],
  prctl: ['157,15,sname,0,0,0', 'EPERM'],
  'another filter': ['317,1,0,p', 'EPERM'],
  'a raised limit': ['302,0,2,p,0', 'EPERM'],
  unshare: ['272,0x10000000', 'EPERM'],
  mount: ['165,p,s/,p,0,0', 'EPERM'],
  io_uring: ['425,1,p', 'EPERM'],
  bpf: ['321,0,p,64', 'EPERM'],
  personality: ['135,0x400000', 'EPERM'],
  ioctl: ['16,3,0x541b,p', 'EPERM'],
  'a file to read': ['257,-100,s/etc/passwd,0', 'ENOENT'],
  'a path alone': ['257,-100,s/,0x200000', 'ENOENT'],
  'a file to write': ['257,-100,s/tmp/x,0x41,0644', 'ENOENT'],
  'an old way to open': ['2,s/etc/passwd,0', 'ENOENT'],
  'stat of a file': ['262,-100,s/etc/passwd,p,0', 'ENOENT'],
  'the size of a file': ['4,s/etc/passwd,p', 'ENOENT'],
  'a link': ['267,-100,s/proc/self/exe,p,64', 'ENOENT'],
  'a folder': ['83,s/x,0755', 'EPERM'],
  'clone3, which runtimes replace': ['435,p,0', 'ENOSYS'],
  'a call of a later kernel': ['600', 'ENOSYS'],
};

for (const setting of settings) {
  const who = setting.user === undefined ? 'this user' : 'a user that root gives it';
  describe(`a program by ${setting.way} as ${who}`, () => {
    const check = (name: string, body: (plan: IsolationPlan) => Promise<void>): void =>
      nativeTest(name, async (t) => {
        const plan = planOf(setting);
        if (plan === undefined) return t.skip(`this machine has not all layers by ${setting.way}`);
        await body(plan);
      });
    const needs = setting.user === undefined ? {} : { user: setting.user };

    check('is refused every call that is not its own', async (plan) => {
      const { lines, code } = await run(
        plan,
        Object.values(attempts).map(([spec]) => spec),
        needs,
      );
      assert.equal(code, 0);
      for (const [what, [spec, error]] of Object.entries(attempts)) assert.equal(lines[spec], error, what);
    });

    check('makes the calls that it needs', async (plan) => {
      const specs = [
        '39',
        '186',
        '24',
        '9,0,4096,3,0x22,-1,0',
        '318,p,16,0',
        '291,0',
        '290,0,0',
        '302,0,7,0,p',
        '204,0,128,p',
        '228,1,p',
      ];
      const { lines, code } = await run(plan, specs, needs);
      assert.equal(code, 0);
      assert.deepEqual(lines, Object.fromEntries(specs.map((spec) => [spec, 'ok'])));
    });

    check('has no descriptor but its own, whatever was inherited', async (plan) => {
      const specs = Array.from({ length: 16 }, (_, at) => `72,${at},1`);
      const open = async (changes: Partial<ProgramNeeds>): Promise<readonly number[]> => {
        const { lines } = await run(plan, specs, { ...needs, ...changes });
        return specs.flatMap((spec, at) => (lines[spec] === 'ok' ? [at] : []));
      };
      assert.deepEqual(await open({}), [0, 1, 2, 3, 4, 5]);
      assert.deepEqual(await open({ passage: true }), [0, 1, 2, 3, 4, 5, 8]);
    });

    check('gets the calls of sockets with a passage, and only then', async (plan) => {
      const specs = ['51,3,p,p', '52,3,p,p', '48,4,1', '47,4,p,0x40', '55,3,1,3,p,p'];
      const without = (await run(plan, specs, needs)).lines;
      assert.deepEqual(
        Object.values(without),
        specs.map(() => 'EPERM'),
      );
      const { lines } = await run(plan, specs, { ...needs, passage: true });
      assert.deepEqual(Object.values(lines).includes('EPERM'), false, JSON.stringify(lines));
    });

    check('shows a wrong jump of its filter', async (plan) => {
      const broken = readFileSync(lastSteps.plain);
      // The first jump on a number, `read`: if it is that number, the block after the next. Its `jumpTrue` becomes 1.
      const at = broken.indexOf(Buffer.from([0x15, 0, 0, 1, 0, 0, 0, 0]));
      assert.ok(at > 0);
      broken[at + 2] = 1;
      const lastStep = join(folder, 'broken-step');
      writeFileSync(lastStep, broken, { mode: 0o555 });
      const read = '0,5,p,0';
      assert.equal((await run(plan, [read], needs)).lines[read], 'ok');
      assert.equal((await run(plan, [read], { ...needs, lastStep })).lines[read], 'EPERM');
      rmSync(lastStep);
    });

    check('becomes no other program, not even what it was started by', async (plan) => {
      const paths = ['/bin/true', join(folder, 'victim'), path, lastSteps.plain];
      const { lines } = await run(
        plan,
        paths.map((each) => `59,s${each},0,0`),
        needs,
      );
      assert.deepEqual(
        Object.values(lines),
        paths.map(() => 'EPERM'),
      );
    });

    check('ends when it closes its gate or its channel', async (plan) => {
      for (const [descriptor, stays] of [
        [3, false],
        [4, false],
        [5, true],
      ] as const) {
        const { lines, code } = await run(plan, [`3,${descriptor}`, '39'], needs);
        assert.equal(lines['39'], stays ? 'ok' : undefined);
        assert.equal(code === 0, stays, `${code}`);
      }
    });
  });
}
