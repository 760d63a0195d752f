import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createSiteServer } from '../src/server/site-server.ts';

const site = new URL('../site/', import.meta.url);
const html = readFileSync(new URL('index.html', site), 'utf8');
const script = readFileSync(new URL('console.js', site), 'utf8');
const sources = new URL('../../src/page/', import.meta.url);

test('the page has a policy that lets nothing out and runs its own script alone', () => {
  const [, policy = ''] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html) ?? [];
  const directives = policy.split('; ');
  assert.equal(directives[0], "default-src 'none'");
  assert.deepEqual(directives.slice(1), [
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  assert.ok(html.indexOf('Content-Security-Policy') < html.indexOf('<script'), 'the policy comes before what it binds');
});

test('the page has no inline script, style or handler, and names its own files only', () => {
  assert.doesNotMatch(html, /\sstyle=|<style|\son[a-z]+=/);
  const addresses = [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
  assert.deepEqual(addresses, [
    'icon.svg',
    'page.css',
    'console.css',
    'example.js',
    'console.js',
    '#result-area',
    'ledger.html',
  ]);
});

test('no source of the page makes markup of text, and the script asks no network', () => {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 15);
  for (const name of files) {
    const text = readFileSync(new URL(name, sources), 'utf8');
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML/, name);
  }
  assert.ok(
    !/\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|\bimport\(|localStorage|indexedDB/.test(script),
  );
});

test('every error that the script makes has its entry in it, or brings it', () => {
  const made = [...script.matchAll(/new [\w$]+\("([A-Z]+_[A-Z_]+)"/g)].map(([, code = '']) => code);
  assert.ok(new Set(made).size > 5);
  for (const code of made) {
    if (code === 'ATLS_CERTIFICATE_INVALID') continue;
    assert.match(script, new RegExp(`[{,]${code}:\\[`), code);
  }
});

test('the server gives the files of the page with its headers, and nothing else', async (t) => {
  const server = createSiteServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const path of [
    '/',
    '/console.js',
    '/page.css',
    '/console.css',
    '/example.js',
    '/icon.svg',
    '/ledger.html',
    '/ledger.js',
    '/ledger.js.map',
    '/console.js.map',
    '/?a=b',
  ]) {
    const answer = await fetch(base + path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'; .*frame-ancestors 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.ok((await answer.text()).length > 100, path);
  }
  for (const path of [
    '/package.json',
    '/../package.json',
    '/%2e%2e/package.json',
    '/constructor',
    '//',
    '/index.html/',
  ]) {
    assert.equal((await fetch(base + path)).status, 404, path);
  }
  assert.equal((await fetch(base, { method: 'POST' })).status, 405);
});
