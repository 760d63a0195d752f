import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { Attribute, PAGE_SIZE, PageFlags, parseSigstruct, readSgxs, writeSgxs, type PageSpec } from '@enclos/sgx';
import { publicModulus, sha256, signSigstruct } from '@enclos/sgx/node';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import type { Cpu, EnclaveRequest, LoadedEnclave } from '../src/index.ts';
import {
  allBits,
  applicationKey,
  fields,
  flipped,
  loadEnclave,
  sealRequest,
  smallEnclave,
  smallImage,
  testCpu,
  testKey,
  type Geometry,
} from './support.ts';

const production = { flags: Attribute.MODE64BIT, xfrm: 3n };
const image = smallImage();
const sigstruct = signSigstruct(fields(image), applicationKey);

function throwsCode(body: () => unknown, code: ErrorCode, rule?: string): void {
  assert.throws(body, (error) => {
    assert.ok(isEnclosError(error, code), `${code} wanted, got ${String(error)}`);
    if (rule !== undefined) assert.equal(error.details['rule'], rule);
    return true;
  });
}

function request(geometry: Geometry, changes: Partial<EnclaveRequest> = {}): EnclaveRequest {
  const { sizeBytes, ssaFrameSize } = geometry;
  return { sizeBytes, ssaFrameSize, attributes: production, miscSelect: 0, ...changes };
}

interface Steps {
  readonly geometry: Geometry;
  readonly signature: Uint8Array;
  readonly changes: Partial<EnclaveRequest>;
}

/** The image page by page, as a driver would issue the instructions. */
function loadByInstructions(cpu: Cpu, { geometry, signature, changes }: Steps): LoadedEnclave {
  const enclave = cpu.ecreate(request(geometry, changes));
  for (const page of geometry.pages) {
    cpu.eadd(enclave, page);
    for (let at = 0n; at < BigInt(PAGE_SIZE); at += 256n) cpu.eextend(enclave, page.offset + at);
  }
  return cpu.einit(enclave, signature);
}

test('a loaded enclave has the identity that was measured and signed', () => {
  const enclave = testCpu().load(image, sigstruct, { debug: false });
  const { identity } = enclave;
  assert.deepEqual(identity.mrEnclave, sha256(image));
  assert.deepEqual(identity.mrSigner, sha256(publicModulus(applicationKey)));
  assert.equal(identity.isvProdId, 7);
  assert.equal(identity.isvSvn, 3);
  assert.deepEqual(identity.attributes, { flags: Attribute.MODE64BIT | Attribute.INIT, xfrm: 3n });
  assert.ok(Object.isFrozen(enclave) && Object.isFrozen(identity));
});

/** The identity and a key, or the code of the refusal. */
function outcome(cpu: Cpu, launch: () => LoadedEnclave): unknown {
  try {
    const enclave = launch();
    return { identity: enclave.identity, key: cpu.egetkey(enclave, sealRequest({ isvSvn: 0 })) };
  } catch (error) {
    assert.ok(isEnclosError(error), String(error));
    return error.code;
  }
}

const anyPage = fc.record({
  content: fc.uint8Array({ minLength: 0, maxLength: 600 }),
  flags: fc.constantFrom(
    ...[0n, PageFlags.W, PageFlags.X, PageFlags.W | PageFlags.X].map((more) => PageFlags.R | more),
  ),
});

const anyLaunch = fc.record({
  parts: fc.array(anyPage, { minLength: 1, maxLength: 4 }),
  sizePages: fc.constantFrom(4, 8, 1024, 1 << 24, 1 << 25),
  debug: fc.boolean(),
  kss: fc.boolean(),
  signedDebug: fc.boolean(),
  provision: fc.boolean(),
  type: fc.constantFrom(0, 0, 0, 0x8000_0000),
  configSvn: fc.constantFrom(0, 0, 4),
  xfrm: fc.constantFrom(3n, 3n, 7n),
  wrongHash: fc.constantFrom(false, false, false, true),
});

test('property: load does what the four instructions do, in what it makes and in what it refuses', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyLaunch, ({ parts, sizePages, debug, kss, signedDebug, provision, type, xfrm, ...given }) => {
      const pages = parts.map(({ content, flags }, index): PageSpec => {
        const full = new Uint8Array(PAGE_SIZE);
        full.set(content);
        return { offset: BigInt(index * PAGE_SIZE), flags: PageFlags.REG | flags, content: full };
      });
      const geometry = { ssaFrameSize: 1, sizeBytes: BigInt(PAGE_SIZE) * BigInt(sizePages), pages };
      const stream = writeSgxs(geometry);
      const asked = (kss ? Attribute.KSS : 0n) | (provision ? Attribute.PROVISIONKEY : 0n);
      const signed = Attribute.MODE64BIT | asked | (signedDebug ? Attribute.DEBUG : 0n);
      const signature = signSigstruct(
        fields(stream, {
          type,
          attributes: { flags: signed, xfrm },
          attributeMask: { flags: allBits, xfrm: allBits },
          ...(given.wrongHash ? { enclaveHash: new Uint8Array(32) } : {}),
        }),
        applicationKey,
      );
      const configSvn = given.configSvn;
      const cpu = testCpu({ provisionSigner: sha256(publicModulus(applicationKey)) });
      const flags = Attribute.MODE64BIT | asked | (debug ? Attribute.DEBUG : 0n);
      const fast = outcome(cpu, () => cpu.load(stream, signature, { debug, configSvn }));
      const changes = { attributes: { flags, xfrm: 3n }, configSvn };
      const slow = outcome(cpu, () => loadByInstructions(cpu, { geometry, signature, changes }));
      assert.deepEqual(slow, fast);
      seen.add(typeof fast === 'string' ? fast : 'loaded');
    }),
    { numRuns: 60, seed: 20_260_601 },
  );
  assert.ok(seen.has('loaded') && seen.size >= 5, [...seen].join());
});

vectors.test("another tool's enclave passes EINIT, TCS pages and all", () => {
  const { geometry, pages } = readSgxs(vectors.read('sgx/test_enclave.sgxs'), { profile: 'any' });
  const signature = vectors.read('sgx/test_enclave.sig');
  const signed = parseSigstruct(signature);
  const cpu = testCpu();
  const flags = (signed.attributes.flags & signed.attributeMask.flags) | Attribute.MODE64BIT;
  const enclave = cpu.ecreate({ ...geometry, attributes: { flags, xfrm: 3n }, miscSelect: 0 });
  for (const page of pages) {
    cpu.eadd(enclave, page);
    for (let at = 0n; page.measured && at < BigInt(PAGE_SIZE); at += 256n) cpu.eextend(enclave, page.offset + at);
  }
  assert.deepEqual(cpu.einit(enclave, signature).identity.mrEnclave, signed.enclaveHash);
});

test('every single-byte flip of a small image is refused', () => {
  const cpu = testCpu();
  for (let index = 0; index < image.length; index++) {
    assert.throws(() => cpu.load(flipped(image, index, 1 << (index % 8)), sigstruct, { debug: false }), isEnclosError);
  }
});

test('every single-byte flip of a SIGSTRUCT is refused', () => {
  const cpu = testCpu();
  for (let index = 0; index < sigstruct.length; index++) {
    assert.throws(() => cpu.load(image, flipped(sigstruct, index, 1 << (index % 8)), { debug: false }), isEnclosError);
  }
});

test('every truncation of image and SIGSTRUCT is refused', () => {
  const cpu = testCpu();
  for (let length = 0; length < image.length; length++) {
    assert.throws(() => cpu.load(image.subarray(0, length), sigstruct, { debug: false }), isEnclosError);
  }
  for (let length = 0; length < sigstruct.length; length++) {
    assert.throws(() => cpu.load(image, sigstruct.subarray(0, length), { debug: false }), isEnclosError);
  }
});

test('EINIT: a flipped signature is not a signature', () => {
  throwsCode(() => testCpu().load(image, flipped(sigstruct, 600), { debug: false }), 'SIGSTRUCT_SIGNATURE');
});

test('EINIT: another signer under the same fields changes MRSIGNER, not the check', () => {
  const other = signSigstruct(fields(image), testKey('other'));
  const enclave = testCpu().load(image, other, { debug: false });
  const { mrSigner } = testCpu().load(image, sigstruct, { debug: false }).identity;
  assert.notDeepEqual(enclave.identity.mrSigner, mrSigner);
});

test('EINIT: the whole header is compared, TYPE with it, though readers take a debug signature', () => {
  const debugType = signSigstruct(fields(image, { type: 0x8000_0000 }), applicationKey);
  assert.equal(parseSigstruct(debugType).type, 0x8000_0000);
  throwsCode(() => testCpu().load(image, debugType, { debug: false }), 'SIGSTRUCT_INVALID');
  throwsCode(() => testCpu().load(image, debugType, { debug: true }), 'SIGSTRUCT_INVALID');
});

test('EINIT: ENCLAVEHASH must be MRENCLAVE', () => {
  throwsCode(() => testCpu().load(smallImage('other'), sigstruct, { debug: false }), 'LAUNCH_MEASUREMENT_MISMATCH');
});

test('EINIT: DEBUG only when the signature permits it', () => {
  const mask = { flags: allBits, xfrm: allBits };
  const cpu = testCpu();
  throwsCode(
    () => loadEnclave(cpu, { fields: { attributeMask: mask }, load: { debug: true } }),
    'LAUNCH_DEBUG_REFUSED',
  );
  const debugOnly = { attributes: { flags: Attribute.MODE64BIT | Attribute.DEBUG, xfrm: 3n }, attributeMask: mask };
  throwsCode(() => loadEnclave(cpu, { fields: debugOnly }), 'LAUNCH_DEBUG_REFUSED');
  const enclave = loadEnclave(cpu, { fields: debugOnly, load: { debug: true } });
  assert.equal(enclave.identity.attributes.flags & Attribute.DEBUG, Attribute.DEBUG);
});

test('EINIT: attributes under the mask', () => {
  const attributes = { flags: Attribute.MODE64BIT | Attribute.AEXNOTIFY, xfrm: 3n };
  throwsCode(() => loadEnclave(testCpu(), { fields: { attributes } }), 'LAUNCH_ATTRIBUTES_REFUSED', 'attributes');
});

test('EINIT: XFRM under the mask', () => {
  const attributes = { flags: Attribute.MODE64BIT, xfrm: 7n };
  throwsCode(() => loadEnclave(testCpu(), { fields: { attributes } }), 'LAUNCH_ATTRIBUTES_REFUSED', 'xfrm');
});

test('EINIT: MISCSELECT under the mask', () => {
  throwsCode(() => loadEnclave(testCpu(), { fields: { miscSelect: 1 } }), 'LAUNCH_ATTRIBUTES_REFUSED', 'miscSelect');
  assert.equal(loadEnclave(testCpu(), { fields: { miscSelect: 1, miscMask: 0 } }).identity.miscSelect, 0);
});

test('EINIT: family and extended product ids need KSS', () => {
  const id = new Uint8Array(16).fill(1);
  for (const change of [{ isvFamilyId: id }, { isvExtProdId: id }]) {
    throwsCode(() => loadEnclave(testCpu(), { fields: change }), 'LAUNCH_ATTRIBUTES_REFUSED', 'kss');
    const attributes = { flags: Attribute.MODE64BIT | Attribute.KSS, xfrm: 3n };
    assert.ok(loadEnclave(testCpu(), { fields: { ...change, attributes } }));
  }
});

test('EINIT: PROVISIONKEY only for the signer of the quoting enclave', () => {
  const attributes = { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: 3n };
  throwsCode(() => loadEnclave(testCpu(), { fields: { attributes } }), 'LAUNCH_ATTRIBUTES_REFUSED', 'provisionKey');
  const others = testCpu({ provisionSigner: sha256(publicModulus(testKey('other'))) });
  throwsCode(() => loadEnclave(others, { fields: { attributes } }), 'LAUNCH_ATTRIBUTES_REFUSED', 'provisionKey');
  assert.ok(loadEnclave(others, { key: testKey('other'), fields: { attributes } }));
});

test('EINIT: no enclave gets EINITTOKENKEY', () => {
  const attributes = { flags: Attribute.MODE64BIT | Attribute.EINITTOKENKEY, xfrm: 3n };
  const signature = signSigstruct(fields(image, { attributes }), applicationKey);
  const cpu = testCpu();
  const enclave = cpu.ecreate(request(smallEnclave(), { attributes }));
  cpu.eadd(enclave, { offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE) });
  throwsCode(() => cpu.einit(enclave, signature), 'LAUNCH_MEASUREMENT_MISMATCH');
  const whole = cpu.ecreate(request(smallEnclave(), { attributes }));
  const [page] = smallEnclave().pages;
  assert.ok(page);
  cpu.eadd(whole, page);
  for (let at = 0n; at < 4096n; at += 256n) cpu.eextend(whole, at);
  throwsCode(() => cpu.einit(whole, signature), 'LAUNCH_ATTRIBUTES_REFUSED', 'einitTokenKey');
});

test('ECREATE: CONFIGID and CONFIGSVN need KSS', () => {
  const configId = new Uint8Array(64).fill(9);
  throwsCode(() => loadEnclave(testCpu(), { load: { configId } }), 'LAUNCH_IMAGE_REFUSED', 'configuration');
  throwsCode(() => loadEnclave(testCpu(), { load: { configSvn: 1 } }), 'LAUNCH_IMAGE_REFUSED', 'configuration');
  const attributes = { flags: Attribute.MODE64BIT | Attribute.KSS, xfrm: 3n };
  const enclave = loadEnclave(testCpu(), { fields: { attributes }, load: { configId, configSvn: 5 } });
  assert.deepEqual(enclave.identity.configId, configId);
  assert.equal(enclave.identity.configSvn, 5);
});

const badRequests: readonly [rule: string, change: Partial<EnclaveRequest>][] = [
  ['size', { sizeBytes: 0n }],
  ['size', { sizeBytes: 12_288n }],
  ['size', { sizeBytes: 4096n }],
  ['size', { sizeBytes: 1n << 40n }],
  ['ssaFrameSize', { ssaFrameSize: 0 }],
  ['ssaFrameSize', { ssaFrameSize: 1.5 }],
  ['attributes', { attributes: { flags: 0n, xfrm: 3n } }],
  ['attributes', { attributes: { flags: Attribute.MODE64BIT | Attribute.INIT, xfrm: 3n } }],
  ['attributes', { attributes: { flags: Attribute.MODE64BIT | Attribute.AEXNOTIFY, xfrm: 3n } }],
  ['attributes', { attributes: { flags: Attribute.MODE64BIT | 8n, xfrm: 3n } }],
  ['xfrm', { attributes: { flags: Attribute.MODE64BIT, xfrm: 1n } }],
  ['xfrm', { attributes: { flags: Attribute.MODE64BIT, xfrm: 6n } }],
  // MPX; a part of AVX-512; AVX-512 without AVX.
  ['xfrm', { attributes: { flags: Attribute.MODE64BIT, xfrm: 11n } }],
  ['xfrm', { attributes: { flags: Attribute.MODE64BIT, xfrm: 0x27n } }],
  ['xfrm', { attributes: { flags: Attribute.MODE64BIT, xfrm: 0xe3n } }],
  ['miscSelect', { miscSelect: 2 }],
  ['configuration', { configId: new Uint8Array(63) }],
  ['configuration', { configSvn: 65_536 }],
];

test('ECREATE: the state components that images of other SDKs ask for, and EXINFO', () => {
  for (const xfrm of [3n, 7n, 0xe7n, 0x203n, 0x2e7n]) {
    testCpu().ecreate(request(smallEnclave(), { attributes: { flags: Attribute.MODE64BIT, xfrm }, miscSelect: 1 }));
  }
});

test('ECREATE: each rule', () => {
  for (const [rule, change] of badRequests) {
    throwsCode(() => testCpu().ecreate(request(smallEnclave(), change)), 'LAUNCH_IMAGE_REFUSED', rule);
  }
});

test('EADD and EEXTEND: each rule', () => {
  const cpu = testCpu();
  const enclave = cpu.ecreate(request(smallEnclave(), { sizeBytes: 8192n }));
  const good: PageSpec = { offset: 0n, flags: PageFlags.REG | PageFlags.R, content: new Uint8Array(PAGE_SIZE) };
  const bad: readonly Partial<PageSpec>[] = [
    { offset: 1n },
    { offset: -4096n },
    { offset: 8192n },
    { flags: PageFlags.R },
    { flags: PageFlags.REG | PageFlags.W },
    { flags: PageFlags.REG | PageFlags.W | PageFlags.X },
    { offset: 1n << 60n },
    { offset: (1n << 64n) - 4096n },
    { flags: PageFlags.TCS | PageFlags.R },
    { flags: PageFlags.REG | 0x1000n },
    { content: new Uint8Array(4095) },
  ];
  for (const change of bad) throwsCode(() => cpu.eadd(enclave, { ...good, ...change }), 'LAUNCH_IMAGE_REFUSED', 'page');
  cpu.eadd(enclave, good);
  throwsCode(() => cpu.eadd(enclave, good), 'LAUNCH_IMAGE_REFUSED', 'page');
  for (const offset of [-256n, 1n, 128n, 4096n]) {
    throwsCode(() => cpu.eextend(enclave, offset), 'LAUNCH_IMAGE_REFUSED', 'page');
  }
});

test('EINIT may be tried again after a refusal, and spends the construction when it succeeds', () => {
  const cpu = testCpu();
  const [page] = smallEnclave().pages;
  assert.ok(page);
  const enclave = cpu.ecreate(request(smallEnclave()));
  cpu.eadd(enclave, page);
  for (let at = 0n; at < 4096n; at += 256n) cpu.eextend(enclave, at);
  throwsCode(() => cpu.einit(enclave, flipped(sigstruct, 600)), 'SIGSTRUCT_SIGNATURE');
  cpu.einit(enclave, sigstruct);
  throwsCode(() => cpu.einit(enclave, sigstruct), 'ENCLAVE_REMOVED');
  throwsCode(() => cpu.eadd(enclave, { ...page, offset: 4096n }), 'ENCLAVE_REMOVED');
});

test('a removed, copied or foreign handle is refused everywhere', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu);
  const refused = (handle: LoadedEnclave) => {
    throwsCode(() => cpu.egetkey(handle, sealRequest()), 'ENCLAVE_REMOVED');
    throwsCode(() => cpu.ereport(handle, new Uint8Array(512), new Uint8Array(64)), 'ENCLAVE_REMOVED');
  };
  refused({ ...enclave });
  refused(loadEnclave(testCpu()));
  cpu.eremove(enclave);
  refused(enclave);
  cpu.eremove(enclave);
  const half = cpu.ecreate(request(smallEnclave()));
  cpu.eremove(half);
  throwsCode(() => cpu.eextend(half, 0n), 'ENCLAVE_REMOVED');
});

test('writing to the bytes of a handle changes nothing that the CPU looks at', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu);
  const before = cpu.egetkey(enclave, sealRequest());
  enclave.identity.mrSigner.fill(0);
  enclave.identity.mrEnclave.fill(0);
  assert.deepEqual(cpu.egetkey(enclave, sealRequest()), before);
});
