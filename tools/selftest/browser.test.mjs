import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleForBrowsers, describeSize } from '../browser/bundle.mjs';

/** A folder with two modules, one of which imports the other. */
function project(t, source) {
  const base = mkdtempSync(join(tmpdir(), 'enclos-browser-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  mkdirSync(join(base, 'src'));
  writeFileSync(join(base, 'src/main.js'), source);
  writeFileSync(join(base, 'src/part.js'), 'export const part = (name) => `part of ${name}`;\n');
  return base;
}

const bundle = (base) =>
  bundleForBrowsers({ base, entry: 'src/main.js', file: 'dist/out.js', format: 'esm', banner: '/*! a test */' });
const good = "import { part } from './part.js';\nexport const whole = part('it');\n";

test('the same sources give the same bytes in another folder, script and map', async (t) => {
  const [one, other] = [await bundle(project(t, good)), await bundle(project(t, good))];
  assert.deepEqual(one.script, other.script);
  assert.equal(one.map, other.map);
  assert.match(Buffer.from(one.script).toString(), /^\/\*! a test \*\//);
});

test('the map holds the sources', async (t) => {
  const { map } = await bundle(project(t, good));
  const { sources, sourcesContent } = JSON.parse(map);
  assert.equal(sourcesContent[sources.indexOf('../src/main.js')], good);
});

test('a module of Node ends the build', async (t) => {
  const base = project(t, "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n");
  await assert.rejects(bundle(base), /node:fs/);
});

test('a script that is larger than it may be is told from one that is not', () => {
  const script = randomBytes(1000);
  assert.equal(describeSize(script, 500).isTooLarge, true);
  assert.match(describeSize(script, 500).text, /^1000 bytes, \d+ gzipped \(MORE THAN 500\)$/);
  assert.equal(describeSize(script, 2000).isTooLarge, false);
  assert.match(describeSize(Buffer.alloc(1000), 500).text, /^1000 bytes, \d\d gzipped \(at most 500\)$/);
});
