import assert from 'node:assert/strict';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changedPaths, createFingerprinter } from '../../../src/commands/dev/fingerprints.ts';
import { temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test('a change of content is one, also when size and times are as they were; another time alone is none', async () => {
  const { take } = createFingerprinter();
  const [a, b] = [file('a', 'one'), file('b', 'one')];
  const when = new Date(1_700_000_000_000);
  for (const path of [a, b]) utimesSync(path, when, when);
  const before = await take([a, b]);
  writeFileSync(a, 'two');
  utimesSync(a, when, when);
  utimesSync(b, when, new Date());
  assert.deepEqual(changedPaths(before, await take([a, b])), [a]);
});

test('a file that comes or goes has changed, and one that stays away has not', async () => {
  const { take } = createFingerprinter();
  const [here, away] = [file('here', ''), join(folder, 'away')];
  const before = await take([here, away]);
  rmSync(here);
  assert.deepEqual(changedPaths(before, await take([here, away])), [here]);
  file('away', '');
  assert.deepEqual(changedPaths(before, await take([away])), [away]);
});

test('a file that was written after somebody began to read counts as changed, once', async () => {
  const { take } = createFingerprinter();
  const path = file('raced', 'new');
  const raced = await take([path], 0);
  const now = await take([path]);
  assert.deepEqual(changedPaths(raced, now), [path]);
  assert.deepEqual(changedPaths(now, await take([path])), []);
});
