import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkProgramBytes, DynamicTag, dynamicValue, readDynamic, readHeader } from '@enclos/elf';
import { freestandingFlags } from '@enclos/sgx-stub/building';
import { endOf, hello, frame, units } from './relay-frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-relay-ports-'));
after(() => rmSync(folder, { recursive: true }));
const sources = fileURLToPath(new URL('../../src/relay/native/', import.meta.url));

const runs = (command: string, ...words: readonly string[]): boolean =>
  spawnSync(command, words, { stdio: 'ignore' }).status === 0;

interface Port {
  readonly compiler: string;
  readonly words: readonly string[];
  readonly architecture: 'linux-x64' | 'linux-arm64';
  /** What it needs beside the compiler, as a Debian package. */
  readonly needs: string;
  readonly isHere: boolean;
}

const linker = runs('aarch64-linux-gnu-ld', '--version');
const clang = runs('clang-19', '--version');
const ports: readonly Port[] = [
  { compiler: 'gcc-14', words: [], architecture: 'linux-x64', needs: 'gcc-14', isHere: runs('gcc-14', '--version') },
  { compiler: 'clang-19', words: [], architecture: 'linux-x64', needs: 'clang-19', isHere: clang },
  {
    compiler: 'aarch64-linux-gnu-gcc-14',
    words: [],
    architecture: 'linux-arm64',
    needs: 'gcc-14-aarch64-linux-gnu',
    isHere: runs('aarch64-linux-gnu-gcc-14', '--version'),
  },
  {
    compiler: 'clang-19',
    words: ['--target=aarch64-linux-gnu'],
    architecture: 'linux-arm64',
    needs: 'clang-19 binutils-aarch64-linux-gnu',
    isHere: clang && linker,
  },
];

const here = `linux-${process.arch}`;
const emulator = ['qemu-aarch64-static', 'qemu-aarch64'].find((name) => runs(name, '--version'));

for (const { compiler, words, architecture, needs, isHere } of ports) {
  const path = join(folder, `relay-${compiler}-${architecture}`);
  describe(`the relay for ${architecture} by ${compiler}`, { skip: isHere ? false : `needs ${needs}` }, () => {
    // The host's own compiler of another machine makes its programs, and not these.
    const isNative = words.length > 0 || compiler.startsWith('aarch64') || process.arch === 'x64';

    test('is static, and needs nothing of a loader', { skip: isNative ? false : 'is for x86-64' }, () => {
      execFileSync(compiler, [...words, ...freestandingFlags, '-o', path, ...units], { cwd: sources });
      const bytes = readFileSync(path);
      assert.ok(checkProgramBytes(bytes, { architecture }).isPositionIndependent);
      const read = (at: number, size: number): Uint8Array => bytes.subarray(at, at + size);
      // Nothing applies relocations: an address that needs one is null when it is used.
      assert.equal(dynamicValue(readDynamic(read, readHeader(read).segments), DynamicTag.RELASZ) ?? 0n, 0n);
    });

    const command = architecture === here ? [] : architecture === 'linux-arm64' && emulator ? [emulator] : undefined;
    test('reads frames', { skip: command === undefined ? 'needs qemu-user-static' : false }, async () => {
      const relay = [...(command ?? []), path];
      assert.equal(await endOf(relay, frame({ kind: 12 })), 125);
      assert.equal(await endOf(relay, new Uint8Array([...hello, ...hello])), 125);
      assert.equal(await endOf(relay, hello), 0);
    });
  });
}
