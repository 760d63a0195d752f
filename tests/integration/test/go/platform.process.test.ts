import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import {
  appraise,
  boundReportData,
  parseCollateral,
  softwareRoot,
  verifyQuote,
  type SgxPolicy,
} from '@enclos/attestation';
import { signEnclave } from '@enclos/build';
import { toHex, utf8 } from '@enclos/codec';
import { loadEnclave, runProgram, type Enclave } from '@enclos/host';
import { interfaceDigest, layOutImage, programInterface, type ProgramManifest } from '@enclos/manifest';
import { singleUserAdvisory, type EmbeddedPlatform } from '@enclos/software-sgx';
import {
  createWorkshop,
  flipped,
  loadProbe,
  outcome,
  signingKey,
  type Probe,
  type SignedImage,
} from '@enclos/process-kit';
import { everything } from './everything.edl.ts';
import { buildGoProgram, goSkip } from './go-program.ts';
import { probeManifest } from './probe-process.ts';

type GoEnclave = Enclave<(typeof everything)['trusted']>;

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
/** Of one signer and product: Go, Go of another build, Go in debug mode, TypeScript, and TypeScript in debug mode. */
let go: GoEnclave;
let sibling: GoEnclave;
let debug: GoEnclave;
let typescript: Probe;
let typescriptDebug: Probe;
let stranger: GoEnclave;

async function load(changes: Partial<ProgramManifest> = {}, signer: 'first' | 'second' = 'first'): Promise<GoEnclave> {
  const manifest: ProgramManifest = {
    ...probeManifest,
    name: 'everything',
    productId: 11,
    securityVersion: 3,
    interfaceDigest: interfaceDigest(everything),
    environment: [],
    listen: [],
    connect: [],
    ...changes,
  };
  const untrusted = { answer: ({ question }: { question: string }) => `${question}?`, note: () => undefined };
  const image = imageOf(manifest, 'internal/interfaceprobe', signer);
  return loadEnclave({ ...image, interface: everything, untrusted, launcher: platform });
}

function imageOf(manifest: ProgramManifest, program: string, signer: 'first' | 'second'): SignedImage {
  const bundle = new Uint8Array(readFileSync(buildGoProgram(program)));
  const image = layOutImage({ manifest, bundle, files: [] });
  return { image, signature: signEnclave({ image, key: signingKey(signer), date: new Date('2026-06-01') }) };
}

before(async () => {
  if (goSkip !== false) return;
  platform = await workshop.startPlatform('go');
  go = await load();
  sibling = await load({ heapSizeBytes: 32n * 1024n * 1024n });
  debug = await load({ debug: true });
  stranger = await load({}, 'second');
  typescript = await loadProbe(platform, await workshop.signed('probe'));
  typescriptDebug = await loadProbe(platform, await workshop.signed('probe', { debug: true }));
});
after(async () => {
  if (goSkip === false) {
    for (const enclave of [go, sibling, debug, stranger, typescript, typescriptDebug]) await enclave.dispose();
  }
  await workshop.close();
});

test('a TypeScript host calls a Go enclave, which calls it back', { skip: goSkip }, async () => {
  assert.equal(await go.call.ask({ question: 'who' }), 'who?');
  assert.equal(await go.call.count(), 1n);
  assert.equal(go.identity.productId, 11);
});

const secret = utf8('a secret of the signer');
const associatedData = utf8('v1');

/** Opens a blob in each enclave, by `signer` or `enclave`. */
function openers(policy: 'enclave' | 'signer') {
  const inGo = (enclave: GoEnclave) => (sealed: Uint8Array) => enclave.call.unseal({ policy, associatedData, sealed });
  const inTypeScript = (enclave: Probe) => (blob: Uint8Array) => enclave.call.unseal({ policy, associatedData, blob });
  return {
    go: inGo(go),
    sibling: inGo(sibling),
    debug: inGo(debug),
    stranger: inGo(stranger),
    typescript: inTypeScript(typescript),
    typescriptDebug: inTypeScript(typescriptDebug),
  };
}

async function openedBy(policy: 'enclave' | 'signer', sealed: Uint8Array): Promise<readonly string[]> {
  const opened: string[] = [];
  for (const [name, open] of Object.entries(openers(policy))) {
    const result = await open(sealed).catch(() => undefined);
    if (result !== undefined) {
      assert.deepEqual(result, secret);
      opened.push(name);
    }
  }
  return opened;
}

test('blobs of Go and TypeScript open in each other, by signer and mode', { skip: goSkip }, async () => {
  const ofSigner = { policy: 'signer', associatedData, plaintext: secret } as const;
  const production = ['go', 'sibling', 'typescript'];
  assert.deepEqual(await openedBy('signer', await go.call.seal(ofSigner)), production);
  assert.deepEqual(await openedBy('signer', await typescript.call.seal(ofSigner)), production);
  const inDebug = ['debug', 'typescriptDebug'];
  assert.deepEqual(await openedBy('signer', await debug.call.seal(ofSigner)), inDebug);
  assert.deepEqual(await openedBy('signer', await typescriptDebug.call.seal(ofSigner)), inDebug);
  assert.deepEqual(await openedBy('signer', await stranger.call.seal(ofSigner)), ['stranger']);
  // The stranger is the same enclave, signed by another.
  const ofEnclave = await go.call.seal({ ...ofSigner, policy: 'enclave' });
  assert.deepEqual(await openedBy('enclave', ofEnclave), ['go', 'stranger']);
});

test('a blob that was changed, or is opened otherwise, stays closed', { skip: goSkip }, async () => {
  const sealed = await go.call.seal({ policy: 'signer', associatedData, plaintext: secret });
  const refused = async (blob: Uint8Array, options: Partial<Parameters<typeof go.call.unseal>[0]> = {}) => {
    const code = await outcome(go.call.unseal({ policy: 'signer', associatedData, sealed: blob, ...options }));
    // A flipped security version in the key request may be one that is too new.
    assert.match(code, /^SEAL_(?:NOT_OPENED|SVN_TOO_NEW|CPUSVN_TOO_NEW)$/);
  };
  await refused(sealed, { policy: 'enclave' });
  await refused(sealed, { associatedData: utf8('v2') });
  await refused(sealed.subarray(0, -1));
  for (let position = 0; position < sealed.length; position += 7) await refused(flipped(sealed, position, 0x01));
});

test('the seal key for a label is the same in each build of the signer, and no other', { skip: goSkip }, async () => {
  const key = toHex(await go.call.sealKey({ label: 'state' }));
  assert.equal(toHex(await sibling.call.sealKey({ label: 'state' })), key);
  const others = [
    go.call.sealKey({ label: 'other' }),
    debug.call.sealKey({ label: 'state' }),
    stranger.call.sealKey({ label: 'state' }),
  ];
  for (const other of await Promise.all(others)) assert.notEqual(toHex(other), key);
});

test('Go and TypeScript prove themselves to each other on one machine', { skip: goSkip }, async () => {
  const reportData = new Uint8Array(randomBytes(64));
  const forGo = await typescript.call.createReport({ target: await go.call.targetInfo(), reportData });
  assert.deepEqual(await go.call.verifyReport({ report: forGo, reportData }), typescript.identity.mrEnclave);
  const forTypeScript = await go.call.createReport({ target: await typescript.call.targetInfo(), reportData });
  const verified = typescript.call.verifyReport({ report: forTypeScript, expectedReportData: reportData });
  assert.deepEqual(await verified, go.identity.mrEnclave);
  const refused = async (report: Uint8Array, data = reportData) =>
    assert.equal(await outcome(go.call.verifyReport({ report, reportData: data })), 'REPORT_NOT_VERIFIED');
  await refused(forGo, new Uint8Array(64));
  await refused(forTypeScript);
  for (const position of [0, 70, 200, 330, 390, 431]) await refused(flipped(forGo, position, 0x01));
  await refused(await debug.call.createReport({ target: await go.call.targetInfo(), reportData }));
});

test('a relying party verifies the quote of a Go enclave', { skip: goSkip }, async () => {
  const nonce = new Uint8Array(randomBytes(32));
  const now = new Date();
  const root = await softwareRoot((await platform.describe()).rootCertificate);
  const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
  const verdict = await verifyQuote(await go.call.quote({ nonce }), endorsements, { roots: [root], now });
  const policy = {
    mrEnclave: [toHex(go.identity.mrEnclave)],
    minimumSecurityVersion: 3,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  } satisfies SgxPolicy;
  appraise(verdict, policy, { reportData: await boundReportData({ purpose: 'everything.v1', nonce }) }, { now });
  const others = { reportData: await boundReportData({ purpose: 'another.v1', nonce }) };
  assert.throws(() => appraise(verdict, policy, others, { now }), { code: 'APPRAISAL_REFUSED' });
});

for (const transport of ['relayed', 'either'] as const) {
  test(`connections of a TypeScript host reach a Go listener: ${transport}`, { skip: goSkip }, async () => {
    const manifest: ProgramManifest = {
      ...probeManifest,
      interfaceDigest: interfaceDigest(programInterface),
      environment: [],
      connect: [],
      listen: [{ name: 'in', port: 8443, transport }],
    };
    const program = await runProgram({
      ...imageOf(manifest, 'internal/probe', 'first'),
      launcher: platform,
      listen: { in: { host: '127.0.0.1', port: 0 } },
    });
    const address = program.listeners['in'];
    assert.ok(address !== undefined);
    await Promise.all(
      [1, 1000, 3_000_000].map(async (sizeBytes) => {
        const sent = randomBytes(sizeBytes);
        const client = connect({ ...address, allowHalfOpen: true });
        client.end(sent);
        assert.deepEqual(await buffer(client), sent);
      }),
    );
    await program.dispose();
  });
}
