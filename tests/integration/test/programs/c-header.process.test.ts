import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeCompilers, nativeTest } from '@enclos/testkit';

const folder = mkdtempSync(join(tmpdir(), 'enclos-c-header-'));
after(() => rmSync(folder, { recursive: true }));
const header = fileURLToPath(new URL('../../../../../sdk/c', import.meta.url));
const source = join(folder, 'user.c');
writeFileSync(
  source,
  '#include "enclos.h"\nint main(void) { static enclos_platform platform; return enclos_open(&platform); }\n',
);

nativeTest('the C header compiles as C99 and later without a warning', () => {
  for (const compiler of nativeCompilers) {
    for (const standard of ['c99', 'c11', 'gnu17']) {
      const flags = [`-std=${standard}`, '-D_POSIX_C_SOURCE=200809L', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
      execFileSync(compiler, [...flags, `-I${header}`, '-c', '-o', join(folder, 'user.o'), source]);
    }
  }
});

nativeTest('the C header compiles as C++', (t) => {
  const compiler = ['g++-14', 'clang++-19', 'g++'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return t.skip('needs a compiler of C++ (apt-get install g++-14)');
  const flags = ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-x', 'c++'];
  execFileSync(compiler, [...flags, `-I${header}`, '-c', '-o', join(folder, 'user.o'), source]);
});

nativeTest('the C header has typed results for whatever a platform sends', (t) => {
  const seed = Date.now() % 1e9;
  t.diagnostic(`seed ${seed}`);
  const [compiler = 'gcc-14'] = nativeCompilers;
  const program = join(folder, 'hostile');
  const flags = [
    '-g',
    '-O1',
    '-D_GNU_SOURCE',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-Wall',
    '-Wextra',
  ];
  execFileSync(compiler, [...flags, '-o', program, join(header, 'test/hostile.c')]);
  const { status, stderr } = spawnSync(program, [`${seed}`, '20000'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
