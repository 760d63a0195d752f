import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readGoProgram, readSections } from '@enclos/elf';
import { findGo } from '@enclos/go-toolchain';
import { goProgram, goTest, runFolder } from '@enclos/testkit';
import { buildProbe } from './build-probe.ts';

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

goTest('two folders, users, environments and roots of Go give the same bytes', async () => {
  const folder = runFolder('go-probe');
  const first = await buildProbe(join(folder, 'first'));
  const careless = { HOME: join(folder, 'home'), USER: 'other', TZ: 'Asia/Tokyo', GOFLAGS: '-race', GOAMD64: 'v3' };
  const other = await buildProbe(join(folder, 'another/place'), {
    environment: {
      ...careless,
      GOCACHE: process.env['GOCACHE'] ?? join(process.env['HOME'] ?? '/', '.cache/go-build'),
    },
  });
  assert.equal(digest(other.program), digest(first.program));
  const moved = await findGo(copyOfGo(join(folder, 'root')), process.env);
  assert.notEqual(moved.root, (await findGo(goProgram, process.env)).root);
  const third = await buildProbe(join(folder, 'third'), { go: moved });
  assert.equal(digest(third.program), digest(first.program));
  assert.deepEqual([third.goVersion, third.overlaySha256], [first.goVersion, first.overlaySha256]);
  const file = readFileSync(first.program);
  const read = (at: number, length: number): Uint8Array => file.subarray(at, at + length);
  const own = readGoProgram(read);
  assert.deepEqual(own, { version: first.goVersion, overlaySha256: first.overlaySha256 });
  // Tables of a debugger would be measured and sent at each start.
  assert.deepEqual(
    readSections(read).filter(({ name }) => name.startsWith('.debug_')),
    [],
  );
});

/** Another root: the program and the sources that the overlay reads are copies, the rest are links. */
function copyOfGo(root: string): string {
  const own = '/usr/lib/go-1.24';
  mkdirSync(join(root, 'bin'), { recursive: true });
  cpSync(join(own, 'bin/go'), join(root, 'bin/go'));
  for (const part of ['pkg', 'VERSION', 'go.env', 'lib']) symlinkSync(join(own, part), join(root, part));
  cpSync(join(own, 'src'), join(root, 'src'), { recursive: true, dereference: true });
  return join(root, 'bin/go');
}
