import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { Attribute, encodeKeyRequest, KeyName, KeyPolicy, type KeyRequest } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import fc from 'fast-check';
import { baseKeys, getKey, reportKey, type KeyRoots } from '../src/cpu/keys.ts';
import type { Cpu, EnclaveIdentity, LoadedEnclave } from '../src/index.ts';
import {
  allBits,
  applicationKey,
  loadEnclave,
  random,
  sealRequest,
  testCpu,
  testCpuSvn,
  testKey,
  type CpuSpec,
  type EnclaveSpec,
} from './support.ts';

function throwsCode(body: () => unknown, code: ErrorCode): void {
  assert.throws(body, (error) => isEnclosError(error, code));
}

function key(spec: EnclaveSpec = {}, changes: Partial<KeyRequest> = {}, cpuSpec: CpuSpec = {}): string {
  const cpu = testCpu(cpuSpec);
  return toHex(cpu.egetkey(loadEnclave(cpu, spec), sealRequest(changes)));
}

const kssAttributes = { flags: Attribute.MODE64BIT | Attribute.KSS, xfrm: 3n };
const kss: EnclaveSpec = { fields: { attributes: kssAttributes } };
const enclavePolicy = { keyPolicy: KeyPolicy.MRENCLAVE };

test('seal matrix: the same enclave gets the same key, on a restarted CPU too', () => {
  assert.equal(key(), key());
  assert.equal(key({}, enclavePolicy), key({}, enclavePolicy));
});

test('seal matrix: signer policy is shared by the enclaves of one signer, enclave policy is not', () => {
  assert.equal(key({ text: 'one' }), key({ text: 'two' }));
  assert.notEqual(key({ text: 'one' }, enclavePolicy), key({ text: 'two' }, enclavePolicy));
});

test('seal matrix: a higher SVN gets the keys of a lower one, and not the other way', () => {
  const newer = { fields: { isvSvn: 4 } };
  assert.equal(key(newer, { isvSvn: 3 }), key({}, { isvSvn: 3 }));
  assert.notEqual(key(newer, { isvSvn: 4 }), key(newer, { isvSvn: 3 }));
  throwsCode(() => key({}, { isvSvn: 4 }), 'KEY_SVN_TOO_NEW');
  // Enclave policy does not lift the rule, and the SVN is in that key as well.
  throwsCode(() => key({}, { ...enclavePolicy, isvSvn: 4 }), 'KEY_SVN_TOO_NEW');
});

test('seal matrix: another signer, another product', () => {
  assert.notEqual(key({ key: testKey('other') }), key());
  assert.notEqual(key({ key: testKey('other') }, enclavePolicy), key(), 'policies do not mix');
  assert.notEqual(key({ fields: { isvProdId: 8 } }), key());
});

test('seal matrix: another machine, another owner', () => {
  assert.notEqual(key({}, {}, { fuses: random(32) }), key());
  assert.notEqual(key({}, {}, { ownerEpoch: random(16) }), key());
});

test('seal matrix: debug and production never share a key, whatever the mask', () => {
  for (const flags of [0n, Attribute.MODE64BIT, allBits]) {
    const changes = { attributeMask: { flags, xfrm: 0n } };
    assert.notEqual(key({ load: { debug: true } }, changes), key({}, changes));
  }
});

test('seal matrix: an older CPUSVN is reachable, a newer one is not, byte by byte', () => {
  const older = testCpuSvn.with(0, 1);
  const newer = testCpuSvn.with(0, 3);
  assert.equal(key({}, { cpuSvn: older }), key({}, { cpuSvn: older }, { cpuSvn: older }));
  assert.notEqual(key({}, { cpuSvn: older }), key());
  throwsCode(() => key({}, { cpuSvn: newer }), 'KEY_CPUSVN_TOO_NEW');
  // Lower in one byte does not make up for higher in another.
  throwsCode(() => key({}, { cpuSvn: older.with(9, 1) }), 'KEY_CPUSVN_TOO_NEW');
});

test('seal matrix: a machine in single-user mode never gets the keys of a separated one', () => {
  const singleUser = testCpuSvn.with(15, 1);
  throwsCode(() => key({}, { cpuSvn: testCpuSvn }, { cpuSvn: singleUser }), 'KEY_CPUSVN_TOO_NEW');
  assert.notEqual(key({}, { cpuSvn: singleUser }, { cpuSvn: singleUser }), key());
});

test('seal matrix: key id, attribute mask and misc mask are in the key', () => {
  assert.notEqual(key({}, { keyId: new Uint8Array(32) }), key());
  assert.notEqual(key({}, { attributeMask: { flags: Attribute.MODE64BIT, xfrm: 0n } }), key());
  assert.notEqual(key({}, { miscMask: 0 }), key());
});

test('the mask decides which attributes matter', () => {
  const open = { attributeMask: { flags: 0n, xfrm: 0n } };
  const closed = { attributeMask: { flags: Attribute.KSS, xfrm: 0n } };
  assert.equal(key(kss, open), key({}, open));
  assert.notEqual(key(kss, closed), key({}, closed));
});

test('policy bits from NOISVPRODID up need KSS', () => {
  for (const bit of [KeyPolicy.NOISVPRODID, KeyPolicy.CONFIGID, KeyPolicy.ISVFAMILYID, KeyPolicy.ISVEXTPRODID]) {
    throwsCode(() => key({}, { keyPolicy: KeyPolicy.MRSIGNER | bit }), 'KEY_REQUEST_INVALID');
    assert.ok(key(kss, { keyPolicy: KeyPolicy.MRSIGNER | bit }));
  }
});

test('NOISVPRODID shares a key between the products of a signer', () => {
  const keyPolicy = KeyPolicy.MRSIGNER | KeyPolicy.NOISVPRODID;
  const other: EnclaveSpec = { fields: { attributes: kssAttributes, isvProdId: 8 } };
  assert.equal(key(kss, { keyPolicy }), key(other, { keyPolicy }));
  assert.notEqual(key(kss), key(other));
});

test('ISVFAMILYID and ISVEXTPRODID separate only when the policy names them', () => {
  for (const [field, bit] of [
    ['isvFamilyId', KeyPolicy.ISVFAMILYID],
    ['isvExtProdId', KeyPolicy.ISVEXTPRODID],
  ] as const) {
    const other: EnclaveSpec = { fields: { attributes: kssAttributes, [field]: new Uint8Array(16).fill(5) } };
    assert.equal(key(other), key(kss));
    assert.notEqual(
      key(other, { keyPolicy: KeyPolicy.MRSIGNER | bit }),
      key(kss, { keyPolicy: KeyPolicy.MRSIGNER | bit }),
    );
  }
});

test('CONFIGID separates configurations, and CONFIGSVN orders them', () => {
  const keyPolicy = KeyPolicy.MRSIGNER | KeyPolicy.CONFIGID;
  const configured = (configSvn: number, fill = 1): EnclaveSpec => ({
    ...kss,
    load: { configId: new Uint8Array(64).fill(fill), configSvn },
  });
  assert.equal(key(configured(2)), key(kss), 'not named, not bound');
  assert.notEqual(key(configured(2, 1), { keyPolicy }), key(configured(2, 2), { keyPolicy }));
  assert.equal(key(configured(3), { keyPolicy, configSvn: 2 }), key(configured(2), { keyPolicy, configSvn: 2 }));
  assert.notEqual(key(configured(3), { keyPolicy, configSvn: 3 }), key(configured(3), { keyPolicy, configSvn: 2 }));
  throwsCode(() => key(configured(2), { keyPolicy, configSvn: 3 }), 'KEY_CONFIGSVN_TOO_NEW');
});

test('provisioning keys are for PROVISIONKEY enclaves only', () => {
  for (const keyName of [KeyName.PROVISION, KeyName.PROVISION_SEAL]) {
    throwsCode(() => key({}, { keyName }), 'KEY_NOT_PERMITTED');
  }
  throwsCode(() => key({}, { keyName: KeyName.EINITTOKEN }), 'KEY_NOT_PERMITTED');
});

test('provisioning keys survive a new owner, sealing keys do not; versions are ordered there too', () => {
  const signer = sha256(publicModulus(applicationKey));
  const spec: EnclaveSpec = {
    fields: { attributes: { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: 3n } },
  };
  const get = (changes: Partial<KeyRequest>, ownerEpoch: Uint8Array) =>
    key(spec, changes, { provisionSigner: signer, ownerEpoch });
  const [mine, yours] = [random(16), random(16)];
  const seen = new Set<string>();
  for (const keyName of [KeyName.PROVISION, KeyName.PROVISION_SEAL]) {
    const value = get({ keyName }, mine);
    assert.equal(get({ keyName }, yours), value);
    assert.notEqual(get({ keyName, keyPolicy: 0 }, mine), value, 'KEYPOLICY is in the key');
    assert.equal(get({ keyName, keyId: random(32) }, mine), value, 'KEYID is not');
    throwsCode(() => get({ keyName, isvSvn: 4 }, mine), 'KEY_SVN_TOO_NEW');
    throwsCode(() => get({ keyName, cpuSvn: testCpuSvn.with(1, 9) }, mine), 'KEY_CPUSVN_TOO_NEW');
    seen.add(value);
  }
  assert.equal(seen.size, 2);
  assert.notEqual(get({}, mine), get({}, yours));
});

test('provisioning keys are of the signer, not of the enclave, whatever the policy', () => {
  const signer = sha256(publicModulus(applicationKey));
  const attributes = { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: 3n };
  for (const keyPolicy of [0, KeyPolicy.MRENCLAVE, KeyPolicy.MRENCLAVE | KeyPolicy.MRSIGNER]) {
    const get = (text: string) =>
      key({ text, fields: { attributes } }, { keyName: KeyName.PROVISION, keyPolicy }, { provisionSigner: signer });
    assert.equal(get('one'), get('two'));
  }
});

test('malformed key requests are refused', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu);
  const good = sealRequest();
  throwsCode(() => cpu.egetkey(enclave, good.subarray(1)), 'KEY_REQUEST_INVALID');
  throwsCode(() => cpu.egetkey(enclave, new Uint8Array(513)), 'KEY_REQUEST_INVALID');
  throwsCode(() => cpu.egetkey(enclave, sealRequest({ keyName: 5 })), 'KEY_REQUEST_INVALID');
  throwsCode(() => cpu.egetkey(enclave, good.with(2, 0x41)), 'KEY_REQUEST_INVALID');
  for (const reserved of [6, 7, 78, 300, 511]) {
    throwsCode(() => cpu.egetkey(enclave, good.with(reserved, 1)), 'KEY_REQUEST_INVALID');
  }
});

test('property: any 512 bytes give a 16-byte key or a typed error', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu, kss);
  const request = fc
    .record({
      keyName: fc.integer({ min: 0, max: 6 }),
      keyPolicy: fc.integer({ min: 0, max: 0x3f }),
      isvSvn: fc.integer({ min: 0, max: 6 }),
      cpuSvn: fc.uint8Array({ minLength: 16, maxLength: 16, max: 3 }),
      keyId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      miscMask: fc.nat(0xffff_ffff),
      configSvn: fc.integer({ min: 0, max: 1 }),
      attributeMask: fc.record({ flags: fc.bigInt(0n, allBits), xfrm: fc.bigInt(0n, allBits) }),
    })
    .map((parts) => encodeKeyRequest(parts));
  fc.assert(
    fc.property(fc.oneof(request, fc.uint8Array({ minLength: 512, maxLength: 512 })), (bytes) => {
      try {
        assert.equal(cpu.egetkey(enclave, bytes).length, 16);
      } catch (error) {
        assert.ok(isEnclosError(error), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('property: two requests that differ anywhere give two keys', () => {
  const cpu: Cpu = testCpu();
  const enclave: LoadedEnclave = loadEnclave(cpu);
  const base = toHex(cpu.egetkey(enclave, sealRequest()));
  const change = fc.oneof(
    fc.record({ keyId: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
    fc.record({ isvSvn: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ miscMask: fc.nat(0xffff_fffe) }),
    fc.record({ cpuSvn: fc.uint8Array({ minLength: 16, maxLength: 16, max: 0 }) }),
    fc.record({ attributeMask: fc.record({ flags: fc.bigInt(0n, allBits - 1n), xfrm: fc.bigInt(0n, allBits) }) }),
  );
  fc.assert(
    fc.property(change, (changes) => {
      assert.notEqual(toHex(cpu.egetkey(enclave, sealRequest(changes))), base);
    }),
    { numRuns: 100 },
  );
});

test('keys of different names never coincide', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu);
  const report = cpu.egetkey(enclave, sealRequest({ keyName: KeyName.REPORT }));
  assert.notDeepEqual(report, cpu.egetkey(enclave, sealRequest()));
});

test('the REPORT key does not depend on request fields other than the key id', () => {
  const cpu = testCpu();
  const enclave = loadEnclave(cpu);
  const plain = cpu.egetkey(enclave, sealRequest({ keyName: KeyName.REPORT }));
  const odd = sealRequest({ keyName: KeyName.REPORT, isvSvn: 9, cpuSvn: new Uint8Array(16).fill(9), miscMask: 0 });
  assert.deepEqual(cpu.egetkey(enclave, odd), plain);
  assert.notDeepEqual(cpu.egetkey(enclave, sealRequest({ keyName: KeyName.REPORT, keyId: random(32) })), plain);
});

/*
 * Known answers, computed apart from this code with OpenSSL. They pin field order and widths: a change here
 * would close every sealed blob there is.
 */
const seven = new Uint8Array(16).fill(7);
const roots: KeyRoots = {
  baseKeys: { provision: seven, provisionSeal: seven, report: seven, seal: seven },
  ownerEpoch: new Uint8Array(16).fill(2),
  cpuSvn: new Uint8Array(16).fill(3),
};

test('known answer: a REPORT key', () => {
  const target = {
    mrEnclave: new Uint8Array(32).fill(4),
    attributes: { flags: 5n, xfrm: 3n },
    miscSelect: 1,
    configSvn: 0x0102,
    configId: new Uint8Array(64).fill(6),
  };
  assert.equal(toHex(reportKey(roots, target, new Uint8Array(32).fill(8))), '148d4ac8e9aa3518205546a747c0681f');
});

test('known answer: a SEAL key under every policy', () => {
  const identity: EnclaveIdentity = {
    mrEnclave: new Uint8Array(32).fill(4),
    mrSigner: new Uint8Array(32).fill(5),
    isvProdId: 0x0708,
    isvSvn: 0x0304,
    attributes: { flags: 0x85n, xfrm: 3n },
    miscSelect: 1,
    configId: new Uint8Array(64).fill(6),
    configSvn: 0x0406,
    isvFamilyId: new Uint8Array(16).fill(9),
    isvExtProdId: new Uint8Array(16).fill(10),
  };
  const request = sealRequest({
    keyPolicy: 0x3f & ~KeyPolicy.NOISVPRODID,
    isvSvn: 0x0203,
    cpuSvn: new Uint8Array(16).fill(1),
    attributeMask: { flags: 0x83n, xfrm: 1n },
    keyId: new Uint8Array(32).fill(8),
    miscMask: 0xf0f0_f0f0,
    configSvn: 0x0405,
  });
  assert.equal(toHex(getKey(roots, identity, request)), 'e0bbca278c93f8cdd012eaef9590e068');
});

test('known answer: a base key', () => {
  assert.equal(toHex(baseKeys(new Uint8Array(32).fill(0x11)).seal), '2bca9b6054a1325b9d3a7b2675855062');
});
