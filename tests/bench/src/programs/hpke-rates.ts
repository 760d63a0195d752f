import { webcrypto } from 'node:crypto';
import {
  Hpke,
  ReplayWindow,
  acceptSession,
  aeadIds,
  kdfIds,
  kemIds,
  openBoundRequest,
  openSession,
  sealBoundRequest,
  webEngine,
} from '@enclos/hpke';
import { hasXWing, nodeEngine } from '@enclos/hpke/node';
import * as noble from '@panva/hpke-noble';
import * as panva from 'hpke';
import { median } from '../harness/statistics.ts';

// Prints, as one line of JSON, how many microseconds each step of the channel takes in this Node: in each of several rounds,
// all contenders in turn.
const rounds = 9;
const roundMs = 60;
const request = new Uint8Array(3 * 1024).fill(7);
const info = new TextEncoder().encode('bench');
const symmetric = { kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm };
const native = nodeEngine();

const all: Readonly<Record<string, () => Promise<unknown>>> = {
  ...(await oursOver('ours', native, kemIds.x25519)),
  ...(await oursOver('web', webEngine(webcrypto), kemIds.x25519)),
  ...(hasXWing() ? await oursOver('xWing', native, kemIds.xWing) : {}),
  ...(await peers('peer', panva.KEM_DHKEM_X25519_HKDF_SHA256)),
  ...(await peers('peerXWing', noble.KEM_MLKEM768_X25519)),
  ...(await exchanges()),
};

const samples: Record<string, number[]> = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
for (let round = 0; round <= rounds; round++) {
  for (const [name, step] of Object.entries(all)) {
    const micros = await microsOf(step);
    // The first round warms up.
    if (round > 0) samples[name]?.push(micros);
  }
}
process.stdout.write(
  `${JSON.stringify(Object.fromEntries(Object.entries(samples).map(([name, of]) => [name, median(of)])))}\n`,
);

async function microsOf(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < roundMs) {
    await step();
    calls++;
  }
  return ((performance.now() - start) / calls) * 1000;
}

async function oursOver(name: string, engine: typeof native, kem: (typeof kemIds)['x25519' | 'xWing']) {
  const hpke = new Hpke(engine, { kem, ...symmetric });
  const pair = await engine.kem(kem).generateKeyPair();
  const { enc, seal } = await hpke.setUpSender(pair.publicKey, info);
  const sealed = await seal(request);
  return {
    [`${name} seal`]: async () => (await hpke.setUpSender(pair.publicKey, info)).seal(request),
    [`${name} open`]: async () => (await hpke.setUpRecipient(pair, enc, info)).open(sealed),
  };
}

async function peers(name: string, kem: panva.KEMFactory) {
  const suite = new panva.CipherSuite(kem, panva.KDF_HKDF_SHA256, panva.AEAD_AES_256_GCM);
  const pair = await suite.GenerateKeyPair(true);
  const { encapsulatedSecret, ctx } = await suite.SetupSender(pair.publicKey, { info });
  const sealed = await ctx.Seal(request);
  return {
    [`${name} seal`]: async () => (await suite.SetupSender(pair.publicKey, { info })).ctx.Seal(request),
    [`${name} open`]: async () => (await suite.SetupRecipient(pair, encapsulatedSecret, { info })).Open(sealed),
  };
}

/** A request and its answer, both ends: bound, and in a session. */
async function exchanges() {
  const pair = await native.kem(kemIds.x25519).generateKeyPair();
  const config = { keyId: 1, kem: kemIds.x25519, publicKey: pair.publicKey, suites: [symmetric] };
  const binding = { method: 'POST', path: '/v2/models/a/infer', model: 'a', modelDigest: new Uint8Array(32) };
  const nowMs = Date.now();
  const limits = { maxBytes: 1_000_000 };
  const window = new ReplayWindow({ maxEntries: 2 ** 22 });
  const options = { keyOf: () => pair, window, nowMs, ...limits };
  const opening = await openSession(native, { config, dateMs: nowMs });
  const terms = { lifetimeMs: 2 ** 31, maxExchanges: 2 ** 31 };
  const { session, answer } = await acceptSession(native, { ...options, ...terms }, opening.message);
  const client = await opening.finish(answer, nowMs);
  return {
    bound: async () => {
      const sealed = await sealBoundRequest(native, { config, binding, dateMs: nowMs }, request);
      const opened = await openBoundRequest(native, { ...options, binding }, sealed.message);
      return sealed.openWholeResponse(await opened.sealWholeResponse(new Uint8Array(40)), limits);
    },
    session: async () => {
      const exchange = client.begin(binding, nowMs);
      const received = session.receive(binding, limits, nowMs);
      await received.push(exchange.head);
      await received.push(await exchange.seal(request, true));
      await received.end();
      const opener = exchange.openResponse(limits);
      await opener.push(await received.sealResponse().seal(new Uint8Array(40), true));
      return opener.end();
    },
  };
}
