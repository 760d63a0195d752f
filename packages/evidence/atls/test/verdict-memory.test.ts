import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endorsements, QuoteVerdict } from '@enclos/attestation';
import { VerdictMemory } from '../src/verdict-memory.ts';

const start = Date.parse('2026-05-01T00:00:00Z');
// Only told apart here: what is in them is the verifier's.
const endorsements = (): Endorsements => Object.freeze({}) as Endorsements;

function verifier(): { readonly verify: () => Promise<QuoteVerdict>; readonly count: () => number } {
  let calls = 0;
  return {
    verify: () => Promise.resolve(Object.freeze({ call: (calls += 1) }) as unknown as QuoteVerdict),
    count: () => calls,
  };
}

test('a quote is verified once for a minute, and anew for other bytes, endorsements or times', async () => {
  const { verify, count } = verifier();
  const memory = new VerdictMemory();
  const collateral = endorsements();
  const ask = (quote: number, afterMs: number, set = collateral): Promise<QuoteVerdict> =>
    memory.verdictOn(Uint8Array.of(quote), { endorsements: set, now: new Date(start + afterMs), verify });
  const first = await ask(1, 0);
  assert.equal(await ask(1, 59_999), first);
  assert.equal(count(), 1);
  await ask(2, 0);
  await ask(1, 0, endorsements());
  assert.equal(count(), 3);
  assert.notEqual(await ask(1, 60_000), first);
  // A clock that went back.
  await ask(1, 10);
  assert.equal(count(), 5);
});

test('only so many are remembered, and a refusal never is', async () => {
  const { verify, count } = verifier();
  const memory = new VerdictMemory();
  const options = { endorsements: endorsements(), now: new Date(start), verify };
  for (let i = 0; i < 66; i++) await memory.verdictOn(Uint8Array.of(i), options);
  await memory.verdictOn(Uint8Array.of(65), options);
  assert.equal(count(), 66);
  await memory.verdictOn(Uint8Array.of(0), options);
  assert.equal(count(), 67);
  const refusing = { ...options, verify: () => Promise.reject(new Error('not genuine')) };
  for (let i = 0; i < 2; i++) await assert.rejects(memory.verdictOn(Uint8Array.of(200), refusing));
});
