import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { createTokenSigner } from '../../src/tokens/token-signer.ts';
import type { PublishedKey } from '@enclos/service/peers';
import { minuteMs, quoteLike, signerOptions, verified, type Clock } from './signing.ts';

const start = Date.parse('2026-01-15T12:00:00Z');
const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid;
const kidsOf = (keys: readonly PublishedKey[]): string[] => keys.map(({ kid }) => kid);

test('a key is published before it signs, and after that until its last token has expired', async () => {
  const clock: Clock = { ms: start };
  const signer = await createTokenSigner(signerOptions(clock));
  const [first = ''] = kidsOf(signer.ownKeys());
  clock.ms = start + 49 * minuteMs;
  await signer.advance();
  assert.deepEqual(kidsOf(signer.ownKeys()), [first]);
  clock.ms = start + 50 * minuteMs;
  await signer.advance();
  const [, second = ''] = kidsOf(signer.ownKeys());
  assert.deepEqual(kidsOf(signer.ownKeys()), [first, second]);
  clock.ms = start + 60 * minuteMs - 1;
  const last = await signer.sign({}, { validityMinutes: 30 });
  assert.equal(kidOf(last), first);
  clock.ms = start + 60 * minuteMs;
  assert.equal(kidOf(await signer.sign({})), second);
  assert.deepEqual(kidsOf(signer.ownKeys()), [second, first]);
  clock.ms = start + 90 * minuteMs - 2000;
  await verified(last, await signer.publishedKeys(), { atMs: clock.ms });
  clock.ms = start + 96 * minuteMs;
  assert.deepEqual(kidsOf(signer.ownKeys()), [second]);
});

test('a key that came late still waits for its overlap, and the one before it goes on signing', async () => {
  const clock: Clock = { ms: start };
  const signer = await createTokenSigner(signerOptions(clock));
  const [first] = kidsOf(signer.ownKeys());
  clock.ms = start + 70 * minuteMs;
  await signer.advance();
  assert.equal(kidOf(await signer.sign({})), first);
  clock.ms = start + 80 * minuteMs;
  assert.notEqual(kidOf(await signer.sign({})), first);
});

test('nobody waits while a key is made, and one that cannot be made is tried again', async () => {
  const clock: Clock = { ms: start };
  const waiting: ((quote: Uint8Array) => void)[] = [];
  let fails = false;
  let asked = 0;
  const quote = (reportData: Uint8Array): Promise<Uint8Array> => {
    asked += 1;
    if (asked === 1) return quoteLike(reportData);
    if (fails) return Promise.reject(new Error('the quoting enclave is busy'));
    return new Promise((resolve) => waiting.push(resolve));
  };
  const signer = await createTokenSigner(signerOptions(clock, { quote }));
  const [first] = kidsOf(signer.ownKeys());
  clock.ms = start + 55 * minuteMs;
  fails = true;
  await assert.rejects(signer.advance(), { code: 'ATLS_EVIDENCE_UNAVAILABLE' });
  for (let turn = 0; turn < 100; turn++) {
    assert.equal(kidOf(await signer.sign({})), first);
    await setImmediate();
  }
  // Whoever signs has tried once more, and not a hundred times.
  assert.ok(asked <= 3, String(asked));
  fails = false;
  const advancing = signer.advance();
  while (waiting.length === 0) await setImmediate();
  assert.equal(kidOf(await signer.sign({})), first);
  assert.deepEqual(kidsOf(signer.ownKeys()), [first]);
  waiting[0]?.(Uint8Array.of(1));
  await advancing;
  assert.equal(signer.ownKeys().length, 2);
});

test('a token never outlives the certificate of its key: after a long sleep there is another key first', async () => {
  const clock: Clock = { ms: start };
  const signer = await createTokenSigner(signerOptions(clock));
  const [first] = kidsOf(signer.ownKeys());
  clock.ms = start + 30 * 24 * 60 * minuteMs;
  const tokens = await Promise.all([signer.sign({}), signer.sign({}), signer.sign({})]);
  const kids = new Set(tokens.map(kidOf));
  assert.equal(kids.size, 1);
  assert.equal(kids.has(first), false);
  await verified(tokens[0], await signer.publishedKeys(), { atMs: clock.ms });
});

test('ten rotations under load: no signature fails, and each verifies by the keys of its time and by later ones', async () => {
  const clock: Clock = { ms: start };
  const signer = await createTokenSigner(signerOptions(clock, { validityMinutes: 90 }));
  const tokens: { readonly token: string; readonly atMs: number; readonly keys: readonly PublishedKey[] }[] = [];
  const used = new Set<string | undefined>();
  const signers = 8;
  const state = { done: false };
  const load = Array.from({ length: signers }, async () => {
    while (!state.done) {
      const atMs = clock.ms;
      const token = await signer.sign({ 'x-ms-ver': '1.0' });
      tokens.push({ token, atMs, keys: await signer.publishedKeys() });
      used.add(kidOf(token));
    }
  });
  for (let step = 0; used.size < 11 && step < 2000; step++) {
    clock.ms += 5 * minuteMs;
    const wanted = tokens.length + 3 * signers;
    while (tokens.length < wanted) await setImmediate();
  }
  state.done = true;
  await Promise.all(load);
  assert.ok(used.size >= 11, `${used.size} keys`);
  assert.ok(tokens.length > 2000, `${tokens.length} tokens`);
  for (const { token, atMs, keys } of tokens) await verified(token, keys, { atMs });
  const now = await signer.publishedKeys();
  const alive = tokens.filter(({ atMs }) => atMs + 90 * minuteMs > clock.ms);
  assert.ok(alive.length > 100 && now.length <= 5);
  for (const { token } of alive) await verified(token, now, { atMs: clock.ms });
});
