import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { createPageServer } from '../src/server/page-server.ts';

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly body: string;
}

async function open(t: TestContext): Promise<{ base: string; seen: Seen[]; changes: () => number }> {
  const seen: Seen[] = [];
  let changes = 0;
  const server = createPageServer({
    rootPem: 'ROOT',
    policy: '{}',
    async fetch(url, { method = '', body }) {
      seen.push({ url, method, body: body === undefined ? '' : await new Response(body).text() });
      if (url.endsWith('?broken')) throw new Error('the service is away');
      return new Response('sealed', { status: 200, headers: { 'content-type': 'message/ohttp-res' } });
    },
    changeNextAnswer: () => changes++,
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, changes: () => changes };
}

suite('the server of the page', () => {
  test('gives the files of the page, what it trusts, and nothing else', async (t) => {
    const { base, seen } = await open(t);
    for (const path of ['/', '/digits.js', '/digits.css', '/page.css', '/icon.svg', '/digits.js.map']) {
      const answer = await fetch(base + path);
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.ok((await answer.text()).length > 100, path);
    }
    assert.equal(await (await fetch(`${base}/root.pem`)).text(), 'ROOT');
    assert.equal(await (await fetch(`${base}/policy.json`)).text(), '{}');
    for (const path of [
      '/package.json',
      '/../package.json',
      '/%2e%2e/package.json',
      '/constructor',
      '//',
      '/service/',
    ]) {
      assert.equal((await fetch(base + path)).status, 404, path);
    }
    assert.equal((await fetch(base, { method: 'POST' })).status, 405);
    assert.deepEqual(seen, []);
  });

  test('carries the report and sealed requests, and nothing else', async (t) => {
    const { base, seen } = await open(t);
    const report = await fetch(`${base}/service/v1/attestation/report?nonce=00`);
    assert.equal(await report.text(), 'sealed');
    // A hostile service that calls it a page gets no script, and none of what this origin has.
    assert.match(report.headers.get('content-security-policy') ?? '', /default-src 'none'; sandbox/);
    const sealed = await fetch(`${base}/service/ohttp`, { method: 'POST', body: 'a request' });
    assert.equal(sealed.headers.get('content-type'), 'message/ohttp-res');
    for (const [method, path] of [
      ['GET', '/service/ohttp'],
      ['GET', '/service/v1/models'],
      ['POST', '/service/v1/chat/completions'],
      ['POST', '/ohttp'],
    ] as const) {
      assert.ok((await fetch(base + path, { method })).status >= 404, path);
    }
    assert.deepEqual(seen, [
      { url: 'https://inference.test/v1/attestation/report?nonce=00', method: 'GET', body: '' },
      { url: 'https://inference.test/ohttp', method: 'POST', body: 'a request' },
    ]);
  });

  test('refuses a large body, says that the service is away, and lets the page play the host', async (t) => {
    const { base, seen, changes } = await open(t);
    const large = await fetch(`${base}/service/ohttp`, { method: 'POST', body: Buffer.alloc(1_048_577) });
    assert.equal(large.status, 413);
    assert.deepEqual(seen, []);
    assert.equal((await fetch(`${base}/service/ohttp?broken`, { method: 'POST', body: 'x' })).status, 502);
    assert.equal((await fetch(`${base}/host/change-next-answer`, { method: 'POST' })).status, 204);
    assert.equal(changes(), 1);
  });
});

test('the page runs its own script alone, and asks its own server alone', () => {
  const html = readFileSync(new URL('../../site/index.html', import.meta.url), 'utf8');
  const [, policy = ''] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html) ?? [];
  assert.deepEqual(policy.split('; '), [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  assert.ok(html.indexOf('Content-Security-Policy') < html.indexOf('<script'), 'the policy comes before what it binds');
  assert.doesNotMatch(html, /\sstyle=|<style|\son[a-z]+=/);
});
