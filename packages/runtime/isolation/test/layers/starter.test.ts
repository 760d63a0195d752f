import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { writeSeccompFilter, writeStarter } from '../../src/layers/start-files.ts';
import { starterCode } from '../../src/layers/starter-code.ts';
import { atMost, exactly, starterProgram } from '../../src/layers/starter.ts';

const folder = mkdtempSync('/tmp/enclos-starter-');
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true }));
const starter = await writeStarter([folder]);

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
}

function start(...words: readonly string[]): Ran {
  const { status, stdout } = spawnSync(starter, words, { encoding: 'utf8', env: { KEPT: 'yes' } });
  return { status, stdout };
}

/** What the shell prints of the limits and descriptors that it was started with. */
const shell = (script: string): readonly string[] => ['-', '/bin/sh', '-c', script];

describe('the starter', () => {
  test('becomes the program with its words and the environment as it is', () => {
    assert.deepEqual(start(...shell('echo "$0,$1,$KEPT"'), 'one', 'two words'), {
      status: 0,
      stdout: 'one,two words,yes\n',
    });
  });

  test('closes every descriptor from a number on, and none before', () => {
    const open = 'exec 3</dev/null 5</dev/null 9</dev/null; exec "$@"';
    const list = 'for n in 3 5 9; do (eval "true <&$n") 2>/dev/null && echo $n; done; true';
    const with_ = (words: readonly string[]): string =>
      spawnSync('/bin/sh', ['-c', open, 'sh', starter, ...words, ...shell(list)], { encoding: 'utf8' }).stdout;
    assert.equal(with_([]), '3\n5\n9\n');
    assert.equal(with_(['c5']), '3\n');
    assert.equal(with_(['c10']), '3\n5\n9\n');
  });

  test('sets both limits, and keeps a hard limit that is lower', () => {
    const both = shell('ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc');
    const core = start(...exactly('core', 1)).status === 126 ? [] : exactly('core', 1);
    // 1 byte of a dump is less than the block in which the shell counts.
    assert.equal(start(...atMost('files', 300), ...core, ...both).stdout.slice(0, 8), '300\n300\n');
    assert.equal(start(...atMost('files', 200), ...atMost('files', 300), ...shell('ulimit -Hn')).stdout, '200\n');
    const large = String(2n ** 40n);
    assert.equal(start(...atMost('addressSpace', BigInt(large)), ...shell('ulimit -v')).stdout, `${2n ** 30n}\n`);
  });

  test('starts nothing where an exact limit cannot be set', () => {
    const raised = start(...atMost('files', 200), ...exactly('files', 300), ...shell('ulimit -Hn'));
    const mayRaise = process.getuid?.() === 0 && raised.status === 0;
    assert.deepEqual(raised, mayRaise ? { status: 0, stdout: '300\n' } : { status: 126, stdout: '' });
  });

  test('writes itself into a cgroup, and starts nothing where it cannot', () => {
    const file = join(folder, 'cgroup.procs');
    writeFileSync(file, '');
    assert.equal(start(`j${file}`, ...shell('echo started')).stdout, 'started\n');
    // 0 is the process that writes (cgroups(7)).
    assert.equal(readFileSync(file, 'utf8'), '0');
    assert.deepEqual(start(`j${folder}/none/cgroup.procs`, ...shell('echo started')), { status: 126, stdout: '' });
  });

  for (const [what, words] of Object.entries({
    'no words': [],
    'no program': ['c7', '-'],
    'no dash after its options': ['c7', 'r7', 'v100'],
    'a program that is not there': ['-', '/none/program'],
    'a program without a path': ['-', 'sh'],
    'a resource that there is not': ['r99', 'v1', '-', '/bin/true'],
  })) {
    test(`ends with 126 for ${what}`, () => assert.equal(start(...words).status, 126));
  }

  test('is written once, whole, executable for every user and writable for none', async () => {
    const before = statSync(starter);
    assert.equal(before.mode & 0o777, 0o555);
    assert.equal(await writeStarter([folder]), starter);
    assert.equal(statSync(starter).ino, before.ino);
    // Another version, or a damaged one.
    chmodSync(starter, 0o755);
    writeFileSync(starter, 'damaged');
    await writeStarter([folder]);
    assert.deepEqual(new Uint8Array(readFileSync(starter)), starterProgram(process.arch === 'arm64' ? 'arm64' : 'x64'));
    assert.equal(statSync(starter).mode & 0o777, 0o555);
  });
});

test('a starter goes into the first folder that takes it, and its absence is an error', async () => {
  assert.equal(await writeStarter(['/proc', folder]), starter);
  await assert.rejects(writeStarter(['/proc', '/none']), { code: 'PLATFORM_STORAGE_FAILED' });
});

test('the filter is written once, whole, readable for every user and writable for none', async () => {
  const previous = process.umask(0o077);
  try {
    const path = await writeSeccompFilter(folder);
    const before = statSync(path, { bigint: true });
    assert.equal(before.mode & 0o777n, 0o444n);
    const content = readFileSync(path);
    // A second time: an ordinary user may not write a file that is read-only.
    assert.equal(await writeSeccompFilter(folder), path);
    const { ino, ctimeNs } = statSync(path, { bigint: true });
    assert.deepEqual([ino, ctimeNs], [before.ino, before.ctimeNs]);
    chmodSync(path, 0o644);
    writeFileSync(path, 'damaged');
    await writeSeccompFilter(folder);
    assert.deepEqual(readFileSync(path), content);
    assert.equal(statSync(path).mode & 0o777, 0o444);
  } finally {
    process.umask(previous);
  }
});

const isRoot = process.getuid?.() === 0;
const startFiles = new URL('../../src/layers/start-files.js', import.meta.url).href;

test('an ordinary user writes the files of a folder twice', () => {
  // Nobody's number: the kernel needs no account for it.
  const user = isRoot ? 61_184 : process.getuid?.();
  const own = join(folder, 'own');
  mkdirSync(own);
  if (isRoot) chownSync(own, 61_184, 61_184);
  // The module is loaded as this user, who may be the only one that can reach it.
  const program = `
    const { writeStartFiles } = await import(${JSON.stringify(startFiles)});
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(${user}); process.setuid(${user}); }
    await writeStartFiles(${JSON.stringify(own)});
    await writeStartFiles(${JSON.stringify(own)});`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

/** Assemblers by the architecture that they are for; binutils has them. */
const assemblers = {
  x64: { program: process.arch === 'x64' ? 'as' : 'x86_64-linux-gnu-as', first: '.intel_syntax noprefix' },
  arm64: { program: process.arch === 'arm64' ? 'as' : 'aarch64-linux-gnu-as', first: '' },
} as const;

for (const architecture of ['x64', 'arm64'] as const) {
  const { program, first } = assemblers[architecture];
  const isThere = spawnSync(program, ['--version']).status === 0;

  test(
    `the bytes of the starter for ${architecture} are those of its text`,
    { skip: !isThere && `needs ${program} (binutils)` },
    () => {
      const source = join(folder, `${architecture}.s`);
      const object = join(folder, `${architecture}.o`);
      const lines = starterCode[architecture].map(([, text]) => text);
      writeFileSync(source, `${[first, ...lines].join('\n')}\n`);
      const { status, stderr } = spawnSync(program, ['-o', object, source], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const code = starterCode[architecture].map(([bytes]) => bytes).join('');
      assert.ok(toHex(new Uint8Array(readFileSync(object))).includes(code));
    },
  );

  test(`the program for ${architecture} is one segment of the whole file, that begins at its first instruction`, () => {
    const bytes = starterProgram(architecture);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    assert.equal(view.getUint32(0), 0x7f45_4c46);
    assert.equal(view.getUint16(18, true), { x64: 62, arm64: 183 }[architecture]);
    const entry = view.getBigUint64(24, true) - view.getBigUint64(64 + 16, true);
    const [[firstBytes] = ['']] = starterCode[architecture].filter(([code]) => code !== '');
    const at = Number(entry);
    assert.equal(toHex(bytes.slice(at, at + firstBytes.length / 2)), firstBytes);
    assert.equal(view.getBigUint64(64 + 32, true), BigInt(bytes.length));
    // Readable and executable; the stack is neither code.
    assert.equal(view.getUint32(64 + 4, true), 5);
    assert.equal(view.getUint32(64 + 56 + 4, true), 6);
  });
}
