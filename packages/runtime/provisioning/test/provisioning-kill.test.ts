import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMachine, createVendor, openMachine, openVendor } from '../src/index.ts';
import { createFolder } from '../src/provisioning/folder.ts';
import { now, temporaryFolder, testKey } from './support.ts';

const child = fileURLToPath(new URL('./create-child.js', import.meta.url));

interface Running {
  readonly process: ChildProcess;
  /** Resolves when the child begins to create. */
  readonly ready: Promise<void>;
  readonly exited: Promise<{ readonly code: number | null; readonly output: string }>;
}

function start(folder: string): Running {
  const running = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let began: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (began = resolve));
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    began();
  });
  const exited = new Promise<{ code: number | null; output: string }>((resolve) => {
    running.on('close', (code) => {
      began();
      resolve({ code, output });
    });
  });
  return { process: running, ready, exited };
}

/** A small seeded generator (mulberry32): the same moments in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How long an undisturbed creation takes on this machine now. */
async function wholeDurationMs(): Promise<number> {
  const running = start(temporaryFolder());
  await running.ready;
  const startedAt = performance.now();
  await running.exited;
  return performance.now() - startedAt;
}

function visible(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

test('killed at any moment, a creation leaves a whole folder or none, and can be repeated', async () => {
  const next = seeded(20_260_601);
  const seen = new Set<string>();
  const durationMs = await wholeDurationMs();
  for (let round = 0; round < 20; round++) {
    const folder = temporaryFolder();
    const running = start(folder);
    await running.ready;
    await sleep(next() * durationMs);
    running.process.kill('SIGKILL');
    await running.exited;
    const left = visible(folder);
    seen.add(left.join());
    if (left.includes('machine')) await openMachine(join(folder, 'machine'));
    if (left.includes('vendor')) await openVendor(join(folder, 'vendor'));
    const machine = await createMachine(join(folder, 'machine'), { separation: 'separated' });
    const vendor = await createVendor(join(folder, 'vendor'), { now, quotingSigningKey: testKey('vendor') });
    assert.equal((await openMachine(machine.folder)).ppid, machine.ppid);
    assert.equal((await openVendor(vendor.folder)).rootFingerprint, vendor.rootFingerprint);
  }
  assert.ok(seen.size > 1, `the kills should hit more than one moment, saw: ${[...seen].join(' | ')}`);
});

test('two processes that create at once get the same vendor and machine, and neither fails', async () => {
  for (let round = 0; round < 4; round++) {
    const folder = temporaryFolder();
    const both = await Promise.all([start(folder).exited, start(folder).exited]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    const [first, second] = both.map(({ output }) => output.replace('ready\n', ''));
    assert.equal(first, second);
    assert.deepEqual(readdirSync(folder).sort(), ['machine', 'vendor'], 'the loser cleans up');
  }
});

test('what killed creations left is removed, by the creation that succeeds and by those that find it made', async () => {
  const folder = temporaryFolder();
  const left = ['0123456789abcdef', 'fedcba9876543210'].map((id) => join(folder, `.machine.making-${id}`));
  for (let round = 0; round < 2; round++) {
    for (const path of left) mkdirSync(join(path, 'part'), { recursive: true });
    await createMachine(join(folder, 'machine'), { separation: 'separated' });
    assert.deepEqual(readdirSync(folder), ['machine']);
  }
});

test('a creation whose unfinished folder is removed under it takes the one that is there', async () => {
  const target = join(temporaryFolder(), 'made');
  await createFolder(target, async () => {
    await createFolder(target, () => Promise.resolve({ file: 'of the faster' }));
    return { file: 'of the slower' };
  });
  assert.equal(readFileSync(join(target, 'file'), 'utf8'), 'of the faster');
  assert.deepEqual(readdirSync(join(target, '..')), ['made']);
});
