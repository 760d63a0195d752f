import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { startingMemory } from '@enclos/elf';
import { nativeTest, privateProgram } from '@enclos/testkit';
import { planAllWays } from '../../src/layers/choose.ts';
import type { IsolationPlan } from '../../src/layers/plan.ts';
import { withOpened } from '../../src/layers/run.ts';
import { writeStartFiles, type StartFiles } from '../../src/layers/start-files.ts';
import { programCommand, programPlan } from '../../src/programs/program-command.ts';
import { writeLastSteps, writePrivateFiles } from '../../src/programs/program-files.ts';

const folder = mkdtempSync('/tmp/enclos-private-');
const path = join(folder, 'program');
const openStep = join(folder, 'open-step');
const openFilter = join(folder, 'open.bpf');
const abstractName = `enclos-private-${process.pid}`;
const unix = createServer();
const network = createServer();
let files: StartFiles;
let lastStep = '';
let filterPath = '';

/** SECCOMP_RET_ALLOW (linux/seccomp.h), in the place of a filter's first instruction. */
const allowAll = [0x06, 0, 0, 0, 0, 0, 0xff, 0x7f];

before(async () => {
  if (process.arch !== 'x64') return;
  chmodSync(folder, 0o755);
  files = await writeStartFiles(folder);
  lastStep = (await writeLastSteps(folder)).private;
  filterPath = (await writePrivateFiles(folder))?.filterPath ?? '';
  copyFileSync(privateProgram(), path);
  chmodSync(path, 0o555);
  const step = readFileSync(lastStep);
  // The load of the architecture, with which every filter begins.
  const at = step.indexOf(Buffer.from([0x20, 0, 0, 0, 4, 0, 0, 0]));
  assert.ok(at > 0);
  step.set(allowAll, at);
  writeFileSync(openStep, step, { mode: 0o555 });
  writeFileSync(openFilter, Buffer.from(allowAll));
  unix.listen({ path: `\0${abstractName}` });
  network.listen(0, '127.0.0.1');
  await Promise.all([once(unix, 'listening'), once(network, 'listening')]);
});
after(() => {
  for (const server of [unix, network]) server.close();
  rmSync(folder, { recursive: true });
});

interface Defences {
  readonly filter: boolean;
  readonly namespace: boolean;
}

/** The way without a network namespace. */
function inNetworkOfHost(plan: IsolationPlan): IsolationPlan {
  const { wayOf } = plan;
  if (wayOf === undefined) return plan;
  return {
    ...plan,
    wayOf(program) {
      const way = wayOf(program);
      const prefix = way.prefix.filter((word) => word !== '--net' && word !== '--unshare-net');
      const gone = way.prefix.length - prefix.length;
      assert.equal(gone, 1);
      return { ...way, prefix, lastAt: way.lastAt - gone };
    },
  };
}

/** What a program gets for each line: see `native/private.c` of the testkit. */
async function tried(
  plan: IsolationPlan,
  lines: readonly string[],
  { filter, namespace }: Defences,
): Promise<ReadonlyMap<string, string>> {
  const step = filter ? lastStep : openStep;
  const confined = { path, filterPath: filter ? filterPath : openFilter, starters: [step] };
  const own = programPlan(namespace ? plan : inNetworkOfHost(plan), confined);
  const needs = { heapSizeBytes: 16n << 20n, threads: 1, environment: new Map(), passage: false, lastStep: step };
  const [command = '', ...words] = programCommand(own, { ...needs, argv: ['private', 'try', ...lines] }, path);
  const child = withOpened(own.inherited, (opened) => {
    const ignored = ['ignore', 'ignore', 'ignore', 'ignore'] as const;
    return spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit', ...ignored, ...opened], env: {}, cwd: '/' });
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(child, 'close');
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** What each is refused with, and what it gets without the filter, and without the namespace too. */
const attempts = (port: number): Readonly<Record<string, readonly [RegExp, RegExp, RegExp]>> => ({
  'socket 16 3 0': [/^EPERM$/, /^0$/, /^0$/],
  'socket 1 1 0': [/^EPERM$/, /^0$/, /^0$/],
  'pair 2': [/^EPERM$/, /^0$/, /^0$/],
  'socket 2 1 262': [/^EPERM$/, /^(?:0|ENOPROTOOPT)$/, /^(?:0|ENOPROTOOPT)$/],
  'socket 40 1 0': [/^EPERM$/, /^(?:0|EAFNOSUPPORT)$/, /^(?:0|EAFNOSUPPORT)$/],
  // Without privileges it is refused by the kernel too, in any namespace.
  'socket 2 3 6': [/^EPERM$/, /^EPERM$/, /^EPERM$/],
  // Its own code, to where the last step was: MREMAP_MAYMOVE and MREMAP_DONTUNMAP.
  [`call 25 0x401000 4096 4096 5 ${startingMemory.address}`]: [/^EPERM$/, /^0$/, /^0$/],
  [`abstract ${abstractName}`]: [/^EPERM$/, /^ECONNREFUSED$/, /^0$/],
  [`connect 127.0.0.1 ${port}`]: [/^E(?:CONNREFUSED|NETUNREACH)$/, /^E(?:CONNREFUSED|NETUNREACH)$/, /^0$/],
});

describe('a program with a private network', () => {
  for (const way of ['util-linux', 'bubblewrap'] as const) {
    nativeTest(`is kept from the machine by filter and namespace, by ${way}`, async (t) => {
      const plans = planAllWays({ interpreterPath: process.execPath, ...files, cgroup: undefined });
      const plan = plans.find((candidate) => candidate.way === way);
      const missing = plan?.layers.filter(({ active, name }) => !active && name !== 'threads') ?? [];
      if (plan === undefined || missing.length > 0) return t.skip(`this machine has not all layers by ${way}`);
      // The address of a server that listens on a port is never text.
      const { port } = network.address() as AddressInfo;
      const expected = Object.entries(attempts(port));
      const lines = expected.map(([line]) => line);
      const defences = [
        { filter: true, namespace: true },
        { filter: false, namespace: true },
        { filter: false, namespace: false },
      ];
      for (const [index, given] of defences.entries()) {
        const answers = await tried(plan, lines, given);
        for (const [line, results] of expected) {
          assert.match(answers.get(line) ?? 'nothing', results[index] ?? /^$/, `${line} with ${JSON.stringify(given)}`);
        }
      }
    });
  }
});
