import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@enclos/testkit';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import {
  attestSgx,
  createWorkshop,
  getKeys,
  loadClaimant,
  noRates,
  openCaller,
  partOf,
  quoteFor,
  signedService,
  startTestService,
  type DevelopmentConfiguration,
  type Replica,
} from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const rotate = 5;
const overlap = 3;
const lanes = 8;
const leastRotations = 4;
const leastCalls = 1000;
const mostMs = 240_000;
const runtimeData = new TextEncoder().encode('what an enclave binds');

const withFastKeys = ({ tenants: [tenant] }: DevelopmentConfiguration): object => ({
  allowTestSettings: true,
  tenants: [{ ...tenant, tokens: { validityMinutes: 1 } }],
  keys: { testSeconds: { rotate, overlap } },
  limits: noRates,
});

async function readKeys(
  call: Replica['call'],
  issuer: string,
  firstShownMs: Map<string, number>,
): Promise<JSONWebKeySet> {
  const { status, body } = await call(getKeys(issuer));
  assert.equal(status, 200);
  const keys = body as JSONWebKeySet;
  for (const { kid = '' } of keys.keys) if (!firstShownMs.has(kid)) firstShownMs.set(kid, performance.now());
  return keys;
}

test('keys that rotate under load lose no request, and each is shown before it signs', async (t) => {
  const platform = await workshop.startPlatform('rotation');
  const port = await freePort();
  const issuer = `https://localhost:${port}`;
  const folder = join(workshop.folder, 'service');
  const signed = await signedService(workshop);
  const { running, certificate } = await startTestService({
    signed,
    launcher: platform,
    folder,
    port,
    change: withFastKeys,
  });
  t.after(() => running.stop());
  const claimant = await loadClaimant(await workshop.signed('claimant'), platform);
  t.after(() => claimant.dispose());
  const { call, close } = openCaller({ port, certificate });
  t.after(close);
  const attest = attestSgx(issuer, await quoteFor(claimant, runtimeData), runtimeData);
  const firstShownMs = new Map<string, number>();
  const firstSignedMs = new Map<string, number>();
  let shown = await readKeys(call, issuer, firstShownMs);
  let calls = 0;
  const stop = new AbortController();
  const isOver = (): boolean => stop.signal.aborted;
  const startedMs = performance.now();

  const watching = async (): Promise<void> => {
    while (!isOver()) {
      shown = await readKeys(call, issuer, firstShownMs);
      await sleep(100);
    }
  };
  const attesting = async (): Promise<void> => {
    while (!isOver()) {
      const { status, body } = await call(attest);
      assert.equal(status, 200, JSON.stringify(body));
      const { token } = body as { readonly token: string };
      const { kid } = partOf(token, 0) as { readonly kid: string };
      if (!firstSignedMs.has(kid)) firstSignedMs.set(kid, performance.now());
      const { payload } = await jwtVerify(token, createLocalJWKSet(shown), { issuer, algorithms: ['RS256'] });
      assert.equal(payload['x-enclos-test-settings'], true);
      calls += 1;
      const isLate = performance.now() - startedMs > mostMs;
      if (isLate || (calls >= leastCalls && firstSignedMs.size > leastRotations)) stop.abort();
    }
  };
  const all = [watching(), ...Array.from({ length: lanes }, attesting)].map((lane) => lane.finally(() => stop.abort()));
  await Promise.all(all);
  assert.ok(firstSignedMs.size > leastRotations, `${firstSignedMs.size} keys signed`);
  assert.ok(calls >= leastCalls, `${calls} calls`);
  // All but the first, which was there from the beginning.
  for (const [kid, signedMs] of [...firstSignedMs].slice(1)) {
    const beforeMs = signedMs - (firstShownMs.get(kid) ?? Number.POSITIVE_INFINITY);
    assert.ok(beforeMs > 0, `a key was shown ${beforeMs} ms before it signed`);
  }
  // And those that signed are still shown: their tokens are good for a minute.
  const last = new Set((await readKeys(call, issuer, firstShownMs)).keys.map(({ kid }) => kid));
  for (const kid of firstSignedMs.keys()) assert.ok(last.has(kid));
});
