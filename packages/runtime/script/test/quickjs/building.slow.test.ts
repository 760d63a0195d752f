import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { quickJsTest, runFolder } from '@enclos/testkit';
import { compileQuickJs, layOut } from '../../src/building/compile.ts';
import { editSource } from '../../src/building/edits.ts';
import { findSource, type QuickJsSource } from '../../src/building/source.ts';
import { compiler } from '../../src/building/toolchain.ts';

const run = promisify(execFile);

/** Sources fetched once, in the user's cache. */
async function requireSource(): Promise<QuickJsSource> {
  const source = await findSource(newFolder());
  assert.ok(source !== undefined, 'the source of QuickJS was there when the interpreter was built');
  return source;
}

function newFolder(): string {
  return mkdtempSync(join(runFolder('quickjs'), 'build-'));
}

test('an edit whose place is not there, or is there twice, ends the build', () => {
  assert.throws(() => editSource('quickjs.c', 'int main;'), /quickjs\.c has .* 0 times, not once/);
  assert.equal(editSource('cutils.c', 'as it is'), 'as it is');
});

test('a source with another digest is refused', async () => {
  const folder = newFolder();
  await assert.rejects(findSource(newFolder(), { ENCLOS_QUICKJS_SOURCE: folder }));
  await assert.rejects(findSource(newFolder(), { ENCLOS_QUICKJS_SOURCE: '/etc/hostname' }), /has the SHA-256/);
});

quickJsTest('a build in another folder gives the bytes that are installed', async (wasm) => {
  const source = await requireSource();
  assert.equal(digestOf(await compileQuickJs(source, newFolder())), digestOf(wasm));
});

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const sanitizerRuntime = '/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.asan-x86_64.a';

quickJsTest('the glue survives hostile scripts and hosts under AddressSanitizer', async (_, t) => {
  if (!existsSync(sanitizerRuntime) && process.env['CI'] === undefined) {
    t.skip('needs libclang-rt-19-dev');
    return;
  }
  const folder = newFolder();
  layOut(await requireSource(), folder);
  const flags = ['-O0', '-gline-tables-only', '-std=gnu11', '-fwrapv', '-funsigned-char', '-w', '-D_GNU_SOURCE'];
  const sanitizers = [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-fno-sanitize=function,shift,alignment',
  ];
  const defines = ['-DCONFIG_VERSION="2025-04-26"', '-DENCLOS_PLAIN_HEAP', '-Inative', '-Iquickjs'];
  const units = ['native/fuzz/harness.c', 'native/limits.c'];
  const theirs = ['cutils', 'dtoa', 'libregexp', 'libunicode'].map((name) => `quickjs/${name}.c`);
  await run(compiler, [...flags, ...sanitizers, ...defines, '-o', 'harness', ...units, ...theirs, '-lm'], {
    cwd: folder,
  });
  // What a jump out of an import leaves behind is not freed, as in WebAssembly, where the whole memory goes.
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
  const seeds = process.env['ENCLOS_FUZZ_SEEDS'] ?? '320';
  const { stdout } = await run('./harness', ['0', seeds], { cwd: folder, env });
  assert.equal(stdout, `${seeds} seeds\n`);
});
