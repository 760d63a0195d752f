import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const folder = new URL('../../dist/browser/', import.meta.url);
const script = readFileSync(new URL('attestation.js', folder), 'utf8');

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
}

test('the single file is at most 60 kB gzipped', () => {
  assert.ok(gzipSync(script, { level: 9 }).length <= 60_000);
});

test('it imports nothing, and calls nothing that browsers lack', () => {
  assert.ok(!/(?:^|[;}\n])import[\s{"'*(]|\bimport\(|\bimport\.meta|\brequire\(|\bBuffer\.|\bprocess\./.test(script));
});

test('nothing in it runs code from text, asks a network or keeps anything', () => {
  const calls =
    /\beval\(|\bFunction\(|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|localStorage|indexedDB/;
  assert.ok(!calls.test(script));
});

test('every error that it makes has its entry in it', () => {
  const made = [...script.matchAll(/new [\w$]+\("([A-Z]+_[A-Z_]+)"/g)].map(([, code = '']) => code);
  assert.ok(new Set(made).size > 5);
  for (const code of made) assert.match(script, new RegExp(`[{,]${code}:\\["`), code);
});

test('it says what it is, its version and its licence', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', folder), 'utf8')) as { version: string };
  const [first = ''] = script.split('\n');
  assert.ok(first.startsWith(`/*! @enclos/attestation ${version}. Apache-2.0,`), first);
});

test('its source map holds the sources', () => {
  assert.match(script, /\n\/\/# sourceMappingURL=attestation\.js\.map\n$/);
  const map = JSON.parse(readFileSync(new URL('attestation.js.map', folder), 'utf8')) as SourceMap;
  const at = map.sources.findIndex((source) => source === '../../src/dcap/verify.ts');
  assert.equal(map.sourcesContent[at], readFileSync(new URL('../../src/dcap/verify.ts', folder), 'utf8'));
  assert.equal(map.sources.length, map.sourcesContent.length);
  assert.ok(map.sources.every((source) => !source.startsWith('/')));
});

test('a module of Node loads it as it is', async () => {
  const loaded = (await import(new URL('attestation.js', folder).href)) as Readonly<Record<string, unknown>>;
  assert.equal(typeof loaded['verifyQuote'], 'function');
});
