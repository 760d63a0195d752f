import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex, toHex } from '@enclos/codec';
import { postgresTest } from '@enclos/testkit';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { keyRows, rowsOf, stateRow } from '@enclos/process-kit/attestation/attestation-rows';
import {
  attestSgx,
  changeCertificate,
  createAttestationSite,
  createPolicySigner,
  createWorkshop,
  descendants,
  getCertificates,
  getKeys,
  getPolicy,
  issuers,
  loadClaimant,
  markingPolicy,
  partOf,
  policyTextOf,
  quoteFor,
  resetPolicy,
  setPolicy,
  signedService,
  startReplica,
  until,
  type AttestationSite,
  type Claimant,
  type PolicyChange,
  type Replica,
  type ReplicaSite,
  type ServiceAnswer,
  type ServiceCall,
} from '@enclos/process-kit';

const workshop = createWorkshop();
const runtimeData = new TextEncoder().encode('what an enclave binds');
const { plain, isolated } = issuers;

interface Scene {
  readonly site: AttestationSite;
  readonly set: ReplicaSite;
  readonly replicas: readonly [Replica, Replica];
  readonly claimant: Claimant;
}

let started: Promise<Scene> | undefined;
const scene = (): Promise<Scene> => (started ??= begin());

async function begin(): Promise<Scene> {
  const site = await createAttestationSite(workshop);
  const set = await site.replicas();
  const [first, second] = await Promise.all([startReplica(set, 'first'), startReplica(set, 'second')]);
  const claimant = await loadClaimant(await workshop.signed('claimant'), site.platform);
  return { site, set, replicas: [first, second], claimant };
}
after(async () => {
  const { claimant, replicas, site } = (await started) ?? {};
  await claimant?.dispose();
  await Promise.all((replicas ?? []).map((replica) => replica.stop()));
  await site?.close();
  await workshop.close();
});

/** The token of an answer that is a good one. */
function tokenIn({ status, body }: ServiceAnswer): string {
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { readonly token: string }).token;
}

const claimsIn = (answer: ServiceAnswer): JWTPayload => partOf(tokenIn(answer), 1) as JWTPayload;
const stateIn = (answer: ServiceAnswer) => claimsIn(answer)['x-enclos-state'] as { epoch: number; digest: string };
const codeIn = ({ body }: ServiceAnswer): string => (body as { readonly error: { readonly code: string } }).error.code;

async function keysAt(replica: Replica, issuer = plain): Promise<JSONWebKeySet> {
  const { status, body } = await replica.call(getKeys(issuer));
  assert.equal(status, 200);
  return body as JSONWebKeySet;
}

const kidsAt = async (replica: Replica): Promise<readonly string[]> =>
  (await keysAt(replica)).keys.map(({ kid = '' }) => kid).toSorted((a, b) => a.localeCompare(b));

const verifyAt = async (replica: Replica, token: string): Promise<unknown> =>
  jwtVerify(token, createLocalJWKSet(await keysAt(replica)), { issuer: plain, algorithms: ['RS256'] });

async function eventually(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > withinMs) assert.fail(`Not within ${withinMs} ms: ${what}.`);
    await sleep(50);
  }
}

const manages = ({ token }: AttestationSite, type = 'SgxEnclave', issuer = plain): PolicyChange => ({
  issuer,
  token,
  type,
});

async function attestCall({ claimant }: Pick<Scene, 'claimant'>): Promise<ServiceCall> {
  return attestSgx(plain, await quoteFor(claimant, runtimeData), runtimeData);
}

/** Far away: on a quiet machine it takes a second. */
const showsWithinMs = 60_000;

postgresTest('each replica shows the keys of the other, and tokens of one verify at the other', async () => {
  const { replicas, ...others } = await scene();
  const call = await attestCall(others);
  for (const [one, other] of [replicas, replicas.toReversed()] as [Replica, Replica][]) {
    const token = tokenIn(await one.call(call));
    const { kid } = partOf(token, 0) as { readonly kid: string };
    await eventually('the key of a peer is shown', showsWithinMs, async () => (await kidsAt(other)).includes(kid));
    await verifyAt(other, token);
  }
  const [first, second] = await Promise.all(replicas.map(kidsAt));
  assert.deepEqual(first, second);
  assert.equal(first?.length, 2);
});

postgresTest(
  'a policy that is set at one is read at the other at once, and in force there within two seconds',
  async () => {
    const { site, replicas, ...others } = await scene();
    const [first, second] = replicas;
    const call = await attestCall(others);
    await second.call(call);
    const set = await first.call(setPolicy(manages(site), markingPolicy('set at the first')));
    const setAt = performance.now();
    const read = await second.call(getPolicy(manages(site)));
    assert.equal(policyTextOf(claimsIn(read)), markingPolicy('set at the first'));
    assert.deepEqual(stateIn(read), stateIn(set));
    let judged: JWTPayload;
    do {
      judged = claimsIn(await second.call(call));
    } while (judged['mark'] === undefined && performance.now() - setAt < 60_000);
    assert.equal(judged['mark'], 'set at the first');
    assert.deepEqual(judged['x-enclos-state'], stateIn(set));
    // And the other way round, with the default of the tenant.
    const reset = await second.call(resetPolicy(manages(site)));
    assert.deepEqual(stateIn(await first.call(getPolicy(manages(site)))), stateIn(reset));
  },
);

postgresTest('certificates of an isolated tenant that come and go at one count at the other at once', async () => {
  const { site, replicas } = await scene();
  const [first, second] = replicas;
  const { token, signer } = site;
  const added = createPolicySigner('added');
  const change = { issuer: isolated, token, signer };
  const byAdded = { ...manages(site, 'OpenEnclave', isolated), signer: added };
  const before = await second.call(setPolicy(byAdded, markingPolicy('by the added one')));
  assert.deepEqual([before.status, codeIn(before)], [400, 'InvalidParameter']);
  tokenIn(await first.call(changeCertificate(change, 'add', added.certificate)));
  tokenIn(await second.call(setPolicy(byAdded, markingPolicy('by the added one'))));
  const { keys } = claimsIn(await second.call(getCertificates(isolated, token)))[
    'x-ms-policy-certificates'
  ] as JSONWebKeySet;
  assert.equal(keys.length, 2);
  tokenIn(await second.call(changeCertificate(change, 'remove', added.certificate)));
  const afterwards = await first.call(resetPolicy(byAdded));
  assert.deepEqual([afterwards.status, codeIn(afterwards)], [400, 'InvalidParameter']);
  tokenIn(await first.call(resetPolicy({ ...byAdded, signer })));
});

/** Sets marked policies one after the other, and answers which were acknowledged, by epoch. */
async function changing(replica: Replica, change: PolicyChange, { name, rounds }: { name: string; rounds: number }) {
  const acknowledged: { readonly epoch: number; readonly type: string; readonly policy: string }[] = [];
  for (let round = 0; round < rounds; round++) {
    const policy = markingPolicy(`${name} ${round}`);
    const answer = await replica.call(setPolicy(change, policy));
    acknowledged.push({ ...stateIn(answer), type: change.type, policy });
  }
  return acknowledged;
}

postgresTest('of changes that are made at both at once, nothing that was acknowledged is lost', async () => {
  const { site, replicas } = await scene();
  const lanes = replicas.flatMap((replica, index) =>
    ['SgxEnclave', 'OpenEnclave', 'TdxVm', 'SevSnpVm'].map((type) => {
      const name = `replica ${index} ${type}`;
      return changing(replica, manages(site, type), { name, rounds: 10 });
    }),
  );
  const signers = Array.from({ length: 6 }, (_, index) => createPolicySigner(`concurrent-${index}`));
  const { token, signer } = site;
  const adding = signers.map(({ certificate }, index) =>
    (replicas[index % 2] ?? replicas[0]).call(
      changeCertificate({ issuer: isolated, token, signer }, 'add', certificate),
    ),
  );
  const all = (await Promise.all(lanes)).flat();
  (await Promise.all(adding)).forEach(tokenIn);
  assert.equal(new Set(all.map(({ epoch }) => epoch)).size, all.length, 'two changes made one state');
  for (const replica of replicas) {
    for (const type of ['SgxEnclave', 'OpenEnclave', 'TdxVm', 'SevSnpVm']) {
      const [last] = all.filter((each) => each.type === type).toSorted((a, b) => b.epoch - a.epoch);
      assert.equal(policyTextOf(claimsIn(await replica.call(getPolicy(manages(site, type))))), last?.policy);
    }
    const { keys } = claimsIn(await replica.call(getCertificates(isolated, token)))[
      'x-ms-policy-certificates'
    ] as JSONWebKeySet;
    const shown = new Set(keys.map(({ x5c: [certificate = ''] = [] }) => certificate));
    for (const { certificate } of signers) assert.ok(shown.has(Buffer.from(certificate).toString('base64')));
  }
});

/** A service that sets a policy in a database of its own; answers its rows of the state and of a key. */
async function foreignRows(site: AttestationSite, set: ReplicaSite): Promise<{ state: string; key: [string, string] }> {
  const replica = await startReplica(set, 'foreign');
  try {
    // Its own takes what it wrote.
    tokenIn(await replica.call(setPolicy(manages(site), markingPolicy('forged'))));
    assert.equal(policyTextOf(claimsIn(await replica.call(getPolicy(manages(site))))), markingPolicy('forged'));
    const rows = rowsOf(site.postgres, set.store);
    const [key = ''] = await rows.keys(keyRows(plain));
    return { state: await rows.read(stateRow(plain)), key: [key, await rows.read(key)] };
  } finally {
    await replica.stop();
  }
}

interface Foreign {
  readonly what: string;
  readonly state: string;
  readonly key: [string, string];
}

let made: Promise<readonly Foreign[]> | undefined;
const foreigners = (site: AttestationSite): Promise<readonly Foreign[]> => (made ??= makeForeigners(site));

async function makeForeigners(site: AttestationSite): Promise<readonly Foreign[]> {
  const otherImage = { name: 'larger', change: { heapSizeBytes: 400 * 1024 * 1024 } };
  const debugImage = { name: 'debug', change: { debug: true } };
  // The root of another vendor, which an attacker could have.
  const otherPlatform = await workshop.startPlatform('of somebody else');
  const chain = (JSON.parse(await otherPlatform.endorsements()) as { tcb_info_issuer_chain: string })
    .tcb_info_issuer_chain;
  const [root = ''] = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/) ?? [];
  const otherRoots = (tenant: { readonly softwareRoots: readonly string[] }): object => ({
    ...tenant,
    softwareRoots: [...tenant.softwareRoots, root],
  });
  const sets: readonly (readonly [string, ReplicaSite])[] = [
    ['another image', await site.replicas({ signed: await signedService(workshop, otherImage) })],
    ['a debug enclave', await site.replicas({ signed: await signedService(workshop, debugImage) })],
    ['another list of software roots', await site.replicas({ tenant: otherRoots })],
    ['another platform', { ...(await site.replicas()), platform: otherPlatform.socketPath }],
  ];
  const foreign: Foreign[] = [];
  for (const [what, set] of sets) foreign.push({ what, ...(await foreignRows(site, set)) });
  return foreign;
}

function flipped(hex: string, at: number): string {
  return toHex(fromHex(hex).map((byte, index) => (index === at ? byte ^ 1 : byte)));
}

postgresTest('rows of states that are forged, swapped, old or of others are refused, and change nothing', async () => {
  const { site, set, replicas, ...others } = await scene();
  const rows = rowsOf(site.postgres, set.store);
  const row = stateRow(plain);
  const call = await attestCall(others);
  await replicas[0].call(setPolicy(manages(site), markingPolicy('older')));
  const older = await rows.read(row);
  const served = stateIn(await replicas[0].call(setPolicy(manages(site), markingPolicy('served'))));
  const newest = await rows.read(row);
  const length = newest.length / 2;
  const places = [0, 20, Math.floor(length / 2), length - 40, length - 1];
  const bad: readonly (readonly [string, string | undefined])[] = [
    ['nothing', undefined],
    ['the state before', older],
    ["another tenant's", await rows.read(stateRow(isolated))],
    ['a half', newest.slice(0, newest.length / 2 - (newest.length % 4) / 2)],
    ...places.map((at) => [`one with a changed bit at ${at} of ${length}`, flipped(newest, at)] as const),
    ...(await foreigners(site)).map(({ what, state }) => [`one of ${what}`, state] as const),
  ];
  for (const replica of replicas) assert.equal(claimsIn(await replica.call(call))['mark'], 'served');
  for (const [what, bytes] of bad) {
    await (bytes === undefined ? rows.remove(row) : rows.write(row, bytes));
    for (const replica of replicas) {
      // What was read before is good for a second.
      await eventually(`${what} is seen`, 30_000, async () => (await replica.call(call)).status === 500);
      for (const attempt of [
        call,
        getPolicy(manages(site)),
        setPolicy(manages(site), markingPolicy('over a bad row')),
      ]) {
        const answer = await replica.call(attempt);
        assert.deepEqual([answer.status, codeIn(answer)], [500, 'InternalError'], what);
      }
      // Whoever changes rows of one tenant does not stop another.
      tokenIn(await replica.call(getPolicy(manages(site, 'SgxEnclave', isolated))));
    }
    if (bytes !== undefined) assert.equal(await rows.read(row), bytes, `${what} was written over`);
    await rows.write(row, newest);
    for (const replica of replicas) {
      assert.deepEqual(stateIn(await replica.call(getPolicy(manages(site)))), served, what);
      assert.equal(claimsIn(await replica.call(call))['mark'], 'served', what);
    }
  }
});

postgresTest('rows of keys that are forged or of others never show in /certs', async () => {
  const { site, set, replicas } = await scene();
  const rows = rowsOf(site.postgres, set.store);
  const before = await kidsAt(replicas[0]);
  const [own = ''] = await rows.keys(keyRows(plain));
  const [isolatedOwn = ''] = await rows.keys(keyRows(isolated));
  const certificate = await rows.read(own);
  const kid = own.split('/').at(-1) ?? '';
  const other = kid.startsWith('A') ? `B${kid.slice(1)}` : `A${kid.slice(1)}`;
  const length = certificate.length / 2;
  const at = (name: string, key: string): string => `${keyRows(plain)}${name}/${key}`;
  const bad: readonly (readonly [string, string])[] = [
    [at('otherKid', other), certificate],
    [at('changedSignature', kid), flipped(certificate, length - 1)],
    [at('changedEvidence', kid), flipped(certificate, Math.floor(length / 2))],
    [at('halfOfIt', kid), certificate.slice(0, 2 * Math.floor(length / 2))],
    [at('garbage', other), '00'.repeat(600)],
    [at('ofAnotherTenant', isolatedOwn.split('/').at(-1) ?? ''), await rows.read(isolatedOwn)],
    ...(await foreigners(site)).map(({ key: [key, bytes] }): [string, string] => [key, bytes]),
  ];
  for (const [key, bytes] of bad) await rows.write(key, bytes);
  const untilMs = performance.now() + 13_000;
  while (performance.now() < untilMs) {
    for (const replica of replicas) assert.deepEqual(await kidsAt(replica), before);
    await sleep(500);
  }
  for (const [key] of bad) await rows.remove(key);
});

postgresTest('replicas by signer: another image of the signer is one, and a debug enclave is not', async (t) => {
  const { site } = await scene();
  const bySigner = { configuration: { replicas: { by: 'signer' } } };
  const of = async (name: string, change: object): Promise<Awaited<ReturnType<typeof foreignRows>>> => {
    const signed = await signedService(workshop, { name, change });
    return foreignRows(site, await site.replicas({ ...bySigner, signed }));
  };
  const debug = await of('debug-by-signer', { debug: true });
  const larger = await of('larger-by-signer', { heapSizeBytes: 400 * 1024 * 1024 });
  const set = await site.replicas(bySigner);
  const replica = await startReplica(set, 'by-signer');
  t.after(() => replica.stop());
  const rows = rowsOf(site.postgres, set.store);
  const own = await kidsAt(replica);
  await rows.write(stateRow(plain), debug.state);
  for (const [key, bytes] of [debug.key, larger.key]) await rows.write(key, bytes);
  const refused = await replica.call(getPolicy(manages(site)));
  assert.deepEqual([refused.status, codeIn(refused)], [500, 'InternalError']);
  await rows.write(stateRow(plain), larger.state);
  assert.equal(policyTextOf(claimsIn(await replica.call(getPolicy(manages(site))))), markingPolicy('forged'));
  const isShown = async (): Promise<boolean> => (await kidsAt(replica)).length > own.length;
  await eventually('the key of the other image is shown', showsWithinMs, isShown);
  const [largerKid = '', debugKid = ''] = [larger, debug].map(({ key: [row] }) => row.split('/').at(-1));
  const shown = await kidsAt(replica);
  assert.deepEqual([shown.includes(largerKid), shown.includes(debugKid), shown.length], [true, false, own.length + 1]);
});

postgresTest('a replica that is killed takes nothing along, and its enclave does not outlive it', async (t) => {
  const { site, set, replicas, ...others } = await scene();
  const call = await attestCall(others);
  const processes = (): number => descendants(site.platform.processId).length;
  const before = processes();
  const third = await startReplica(set, 'third');
  t.after(() => third.kill());
  assert.ok(processes() > before);
  const token = tokenIn(await third.call(call));
  const { kid } = partOf(token, 0) as { readonly kid: string };
  for (const replica of replicas) {
    await eventually('its key is shown', showsWithinMs, async () => (await kidsAt(replica)).includes(kid));
  }
  const set3 = stateIn(await third.call(setPolicy(manages(site), markingPolicy('of the killed one'))));
  await third.kill();
  await until('the enclave of a killed host ends', () => processes() === before);
  for (const replica of replicas) {
    assert.deepEqual(stateIn(await replica.call(getPolicy(manages(site)))), set3);
    await eventually(
      'its policy is in force',
      2000,
      async () => claimsIn(await replica.call(call))['mark'] === 'of the killed one',
    );
  }
  // The list of peers was read again by then.
  await sleep(11_000);
  for (const replica of replicas) await verifyAt(replica, token);
});

/** Calls until it is over: each answer is one that is allowed, and is counted by its status. */
async function calling(
  replica: Replica,
  calls: readonly ServiceCall[],
  { statuses, isOver }: { readonly statuses: Map<number, number>; readonly isOver: () => boolean },
): Promise<void> {
  for (let index = 0; !isOver(); index++) {
    const what = calls[index % calls.length] ?? assert.fail();
    const answer = await replica.call({ ...what, timeoutMs: 30_000 });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status !== 200) {
      assert.deepEqual([answer.status, codeIn(answer)], [503, 'ServiceUnavailable'], what.path);
    }
    await sleep(20);
  }
}

postgresTest(
  'while PostgreSQL is away calls fail with ServiceUnavailable at most, and all goes on afterwards',
  async () => {
    const { site, replicas, ...others } = await scene();
    const { postgres } = site;
    const call = await attestCall(others);
    const change = manages(site, 'TdxVm');
    const last = await replicas[0].call(setPolicy(change, markingPolicy('before')));
    let isOver = false;
    const lanes = replicas.flatMap((replica) =>
      [call, getPolicy(change), getKeys(plain)].map((asked) => {
        const statuses = new Map<number, number>();
        return { statuses, over: calling(replica, [asked], { statuses, isOver: () => isOver }) };
      }),
    );
    // Keys do not depend on the store: each third lane.
    const needStore = lanes.filter((_, index) => index % 3 !== 2);
    const everything = Promise.all(lanes.map(({ over }) => over));
    // Awaited in the end; until then a failure must not count as unhandled.
    everything.catch(() => undefined);
    const counts = (of: typeof lanes, status: number): readonly number[] =>
      of.map(({ statuses }) => statuses.get(status) ?? 0);
    const more = async (what: string, of: typeof lanes, status: number): Promise<void> => {
      const before = counts(of, status);
      await eventually(what, 60_000, async () => counts(of, status).every((count, i) => count > (before[i] ?? 0)));
    };
    await more('every lane has an answer', lanes, 200);
    await postgres.restart('crash');
    await more('every lane has an answer after the crash', lanes, 200);
    await postgres.stop();
    await more('every lane that needs the store notices that it is away', needStore, 503);
    await postgres.start();
    await eventually('both answer again', 60_000, async () => {
      const answers = await Promise.all(replicas.flatMap((each) => [each.call(call), each.call(getPolicy(change))]));
      return answers.every(({ status }) => status === 200);
    });
    isOver = true;
    await everything;
    for (const [index, { statuses }] of lanes.entries()) {
      assert.ok((statuses.get(200) ?? 0) > 0);
      // Keys do not depend on the store.
      if (index % 3 === 2) assert.equal(statuses.get(503), undefined);
      else assert.ok((statuses.get(503) ?? 0) > 0, 'nobody noticed that the store was away');
    }
    for (const replica of replicas) assert.deepEqual(stateIn(await replica.call(getPolicy(change))), stateIn(last));
    for (const replica of replicas) {
      tokenIn(await replica.call(setPolicy(change, markingPolicy('afterwards'))));
      tokenIn(await replica.call(resetPolicy(change)));
    }
  },
);

postgresTest('a replica without its database says so, and ends', async () => {
  const { set } = await scene();
  const store = set.store.replace(/:\d+\//, ':9/');
  await assert.rejects(startReplica({ ...set, store }, 'without'), /SERVICE_STORE_UNAVAILABLE/);
});
