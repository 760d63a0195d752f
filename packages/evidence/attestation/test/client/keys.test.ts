import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createAttestationClient, type AttestationClient, type Fetch } from '../../src/client/index.ts';
import {
  azureJwk,
  expectSgx,
  issuer,
  memberJwk,
  p256Key,
  nowSeconds,
  refusal,
  rsaKey,
  sgxClaims,
  signToken,
} from './token-kit.ts';

interface Bench {
  readonly client: AttestationClient;
  /** How often the keys were fetched. */
  readonly count: () => number;
  /** Milliseconds that pass. */
  readonly wait: (ms: number) => void;
  /** What the service answers from now on; undefined for a failure. */
  readonly serve: (keys: readonly unknown[] | undefined) => void;
}

function bench(): Bench {
  let fetched = 0;
  let passedMs = 0;
  let keys: readonly unknown[] | undefined = [azureJwk(rsaKey)];
  const fetch: Fetch = async () => {
    fetched += 1;
    await Promise.resolve();
    if (keys === undefined) throw new Error('down');
    return Response.json({ keys });
  };
  const now = (): Date => new Date(nowSeconds * 1000 + passedMs);
  return {
    client: createAttestationClient({ endpoint: issuer, fetch, now }),
    count: () => fetched,
    wait: (ms) => (passedMs += ms),
    serve: (next) => (keys = next),
  };
}

const known = signToken(sgxClaims);
const rotated = signToken(sgxClaims, { key: p256Key });
const madeUp = (kid: string): string => signToken(sgxClaims, { header: { kid } });
const unknownKey = refusal('TOKEN_REFUSED', 'unknown-key');
const isDown = (error: unknown): boolean => isEnclosError(error, 'ATTESTATION_SERVICE_UNREACHABLE');

test('keys are fetched once, also for many callers at a time', async () => {
  const { client, count } = bench();
  await Promise.all(Array.from({ length: 20 }, () => client.verifyToken(known, expectSgx)));
  await client.verifyToken(known, expectSgx);
  assert.equal(count(), 1);
});

test('made-up kids do not make the client hammer the service', async () => {
  const { client, count, wait } = bench();
  await client.verifyToken(known, expectSgx);
  for (let at = 0; at < 200; at++) {
    await assert.rejects(client.verifyToken(madeUp(`kid-${at}`), expectSgx), unknownKey);
    wait(299);
  }
  // A minute: at 30 s and, with the last of the 200, not yet at 60 s again.
  assert.equal(count(), 2);
});

test('a key that is new is found after the cooldown, and the others stay usable meanwhile', async () => {
  const { client, count, wait, serve } = bench();
  await client.verifyToken(known, expectSgx);
  serve([azureJwk(rsaKey), memberJwk(p256Key)]);
  await assert.rejects(client.verifyToken(rotated, expectSgx), unknownKey);
  await client.verifyToken(known, expectSgx);
  wait(30_000);
  assert.equal((await client.verifyToken(rotated, expectSgx)).kid, 'p256');
  assert.equal(count(), 2);
});

test('a key that the service takes back is refused once the keys are an hour old', async () => {
  const { client, wait, serve } = bench();
  await client.verifyToken(known, expectSgx);
  serve([memberJwk(p256Key)]);
  wait(3_599_999);
  await client.verifyToken(known, expectSgx);
  wait(1);
  await assert.rejects(client.verifyToken(known, expectSgx), unknownKey);
});

test('old keys are not used when the service is down, and it is asked once a second', async () => {
  const { client, count, wait, serve } = bench();
  await client.verifyToken(known, expectSgx);
  serve(undefined);
  wait(3_600_000);
  for (let at = 0; at < 10; at++) await assert.rejects(client.verifyToken(known, expectSgx), isDown);
  assert.equal(count(), 2);
  wait(1000);
  await assert.rejects(client.verifyToken(known, expectSgx), isDown);
  assert.equal(count(), 3);
  serve([azureJwk(rsaKey)]);
  wait(1000);
  await client.verifyToken(known, expectSgx);
});

test('a service that is down is not asked more often for made-up kids', async () => {
  const { client, count, wait, serve } = bench();
  await client.verifyToken(known, expectSgx);
  serve(undefined);
  wait(30_000);
  await assert.rejects(client.verifyToken(madeUp('a'), expectSgx), isDown);
  wait(5000);
  await assert.rejects(client.verifyToken(madeUp('b'), expectSgx), unknownKey);
  await client.verifyToken(known, expectSgx);
  assert.equal(count(), 2);
});

test('a clock that was set back makes no keys young', async () => {
  const { client, count, wait } = bench();
  await client.verifyToken(known, expectSgx);
  wait(-5000);
  await client.verifyToken(known, expectSgx);
  await client.verifyToken(known, expectSgx);
  assert.equal(count(), 2);
});
