import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { nativeFolder } from '../src/building/compile.ts';

const mostLines = 800;

test(`the stub has at most ${mostLines} lines of C, comments aside`, () => {
  const files = readdirSync(nativeFolder).filter((name) => /\.[ch]$/.test(name));
  const lines = files.flatMap((name) => readFileSync(`${nativeFolder}${name}`, 'utf8').split('\n'));
  const code = lines.filter((line) => !/^\s*(?:\/\/.*)?$/.test(line));
  assert.ok(code.length > 0 && code.length <= mostLines, `${code.length} lines`);
});
