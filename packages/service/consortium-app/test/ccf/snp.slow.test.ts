import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { cborArray, cborBytes, cborText, derOid, derSequence, fromHex, toBase64url, toHex, utf8 } from '@enclos/codec';
import { coseProtectedHeader, coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import { basicConstraints, issueCertificate, pem, processKeys, signRaw, snpScenario } from '@enclos/evidence-kit';

import { engineTest, evaluate, noServices, thrownByEach } from '../kit/scripts.ts';

const scenario = snpScenario();
const { report, leaf, ask, ark, rootPublicKey } = scenario;
const fingerprint = createHash('sha256').update(fromHex(rootPublicKey)).digest('hex');
const services = { ...noServices, snpRoots: [{ product: 'Milan' as const, publicKey: rootPublicKey, fingerprint }] };
const helpers = `const of = (h) => new Uint8Array((h.match(/../g) ?? []).map((v) => parseInt(v, 16))).buffer;
  const hex = (x) => Array.from(new Uint8Array(x), (v) => v.toString(16).padStart(2, '0')).join('');
  const report = of('${toHex(report)}'), chain = ccf.strToBuf(${JSON.stringify([leaf, ask, ark].map((der) => pem(der)).join(''))});
  const verify = snp_attestation.verifySnpAttestation;`;
const field = (start: number, length: number): string => toHex(report.slice(start, start + length));
const tcb = toHex(report.slice(0x180, 0x188).toReversed());

engineTest('a report is verified, and its fields are those of the firmware ABI', (engine) => {
  const body = `${helpers} const { attestation: a } = verify(report, chain);
    return [a.version, a.vmpl, a.policy.debug, a.policy.abi_major, a.signature_algo, hex(a.measurement), hex(a.report_data), hex(a.host_data), hex(a.chip_id), a.reported_tcb, a.cpuid_fam_id,
      a.flags.signing_key, a.plaform_info, hex(a.signature.r), hex(a.signature.s), 'attestation' in verify(report, chain, undefined, '${tcb.toUpperCase()}')]`;
  const view = new DataView(report.buffer, report.byteOffset);
  assert.deepEqual(evaluate(engine, body, { services }), [
    3,
    view.getUint32(0x30, true),
    (view.getUint32(8, true) >>> 19) & 1,
    report[9],
    1,
    field(0x90, 48),
    field(0x50, 64),
    field(0xc0, 32),
    field(0x1a0, 64),
    tcb,
    report[0x188],
    (view.getUint32(0x48, true) >>> 2) & 7,
    { smt_en: view.getUint32(0x40, true) & 1, tsme_en: (view.getUint32(0x40, true) >>> 1) & 1 },
    field(0x2a0, 72),
    field(0x2e8, 72),
    true,
  ]);
});

engineTest('what is not verified is refused', (engine) => {
  const changed = `(() => { const r = report.slice(0); new Uint8Array(r)[0x90] ^= 1; return r })()`;
  const attempts = [
    `verify(${changed}, chain)`,
    `verify(report, ccf.strToBuf('none'))`,
    `verify(report.slice(1), chain)`,
    `verify(report, chain, undefined, 'FFFFFFFFFFFFFFFF')`,
    `verify(report, ccf.strToBuf(ccf.bufToStr(chain) + '-----BEGIN CERTIFICATE-----\\n-----END CERTIFICATE-----'))`,
    `verify(report, chain.slice(0, chain.byteLength - 4))`,
  ];
  const errors = thrownByEach(engine, attempts, { services, helpers });
  for (const error of errors) assert.match(String(error), /^RangeError: /);
  assert.equal(errors[2], 'RangeError: Input SEV-SNP attestation report is not of expected size 1184: 1183');
  assert.equal(errors[3], `RangeError: SEV-SNP: endorsed TCB ffffffffffffffff does not match reported TCB ${tcb}`);
  assert.deepEqual(
    [1, 4, 5].map((index) => errors[index]),
    [0, 4, 2].map((count) => `RangeError: Expected 3 endorsement certificates but got ${count}`),
  );
  const [stranger] = thrownByEach(engine, [`verify(report, chain)`], { helpers });
  assert.match(String(stranger), /^RangeError: /, 'the roots are those of AMD unless others are named');
});

engineTest('the components of a version of the TCB, by product', (engine) => {
  const body = `return [ccf.tcbHexToPolicy('00a00f11', 'D315000000000004'), ccf.tcbHexToPolicy('00b00f21', '5100000004030201')]`;
  assert.deepEqual(evaluate(engine, body, { role: 'apply' }), [
    { hexstring: 'd315000000000004', microcode: 0xd3, snp: 0x15, tee: 0, boot_loader: 4 },
    { hexstring: '5100000004030201', microcode: 0x51, snp: 4, tee: 3, boot_loader: 2, fmc: 1 },
  ]);
  assert.deepEqual(
    thrownByEach(engine, [
      `ccf.tcbHexToPolicy('00a00f11')`,
      `ccf.tcbHexToPolicy('a00f11', 'd315000000000004')`,
      `ccf.tcbHexToPolicy('00a00f11', 'd3')`,
      `ccf.tcbHexToPolicy('00000000', 'd315000000000004')`,
      `ccf.tcbHexToPolicy('00a00f11', 'd315010000000004')`,
    ]),
    [
      'TypeError: Passed 1 arguments, but expected 2',
      'RangeError: CPUID could not be parsed',
      'RangeError: TCB could not be parsed from hex_str',
      'RangeError: The CPUID 00000000 is that of no processor with SEV-SNP that is known.',
      'RangeError: The TCB version d315010000000004 has bits that Milan reserves.',
    ],
  );
});

const purpose = '1.3.6.1.4.1.99999.1';
const authorityKey = processKeys.key('uvm authority', 'P-384');
const signerKey = processKeys.key('uvm signer', 'P-384');

function certificate(
  subject: string,
  key: typeof signerKey,
  extensions: Parameters<typeof issueCertificate>[0]['extensions'],
): Uint8Array {
  const dates = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') };
  const names = { version: 3, serialNumber: Uint8Array.of(1), issuer: 'uvm authority', subject };
  return issueCertificate({ ...names, ...dates, key, issuerKey: authorityKey, extensions });
}

const authority = certificate('uvm authority', authorityKey, [basicConstraints({ ca: true })]);
const signer = certificate('uvm signer', signerKey, [{ id: '2.5.29.37', value: derSequence(derOid(purpose)) }]);
const digest = toBase64url(createHash('sha256').update(authority).digest());
const did = `did:x509:0:sha256:${digest}::eku:${purpose}`;
const uvmRoots = [{ did, feed: 'test-UVM', svn: 7 }];

interface Change {
  readonly iss?: string;
  readonly feed?: string;
  readonly chain?: readonly Uint8Array[];
  readonly payload?: object;
  readonly contentType?: string;
  readonly key?: typeof signerKey;
}

function endorsement(change: Change = {}): string {
  const {
    iss = did,
    feed = 'test-UVM',
    chain = [signer, authority],
    contentType = 'application/json',
    key = signerKey,
  } = change;
  const good = { 'x-ms-sevsnpvm-guestsvn': '10', 'x-ms-sevsnpvm-launchmeasurement': field(0x90, 48) };
  const payload = utf8(JSON.stringify({ ...good, ...change.payload }));
  const others = new Map<number | string, Uint8Array>([
    [33, cborArray(...chain.map((der) => cborBytes(der)))],
    ['iss', cborText(iss)],
    ['feed', cborText(feed)],
  ]);
  const protectedBytes = coseProtectedHeader({ algorithm: 'ES384', contentType, others });
  const signature = signRaw(key, coseSigningInput({ protectedBytes, payload }));
  return `of('${toHex(writeCoseSign1({ protectedBytes, payload, signature }))}')`;
}

engineTest('endorsements of a utility VM are verified, and refused for whatever does not hold', (engine) => {
  const trusting = { ...services, uvmRoots };
  const body = `${helpers} return verify(report, chain, ${endorsement()}).uvm_endorsements`;
  assert.deepEqual(evaluate(engine, body, { services: trusting }), { did, feed: 'test-UVM', svn: '10' });
  const cases: readonly (readonly [string, RegExp])[] = [
    [endorsement({ feed: 'other' }), /do not match any of the known UVM roots of trust/],
    [endorsement({ payload: { 'x-ms-sevsnpvm-guestsvn': '6' } }), /do not match any of the known/],
    [endorsement({ payload: { 'x-ms-sevsnpvm-guestsvn': 'x' } }), /no security version/],
    [
      endorsement({ payload: { 'x-ms-sevsnpvm-launchmeasurement': '00' } }),
      /is not equal to UVM attestation measurement/,
    ],
    [endorsement({ contentType: 'text/plain' }), /is not JSON/],
    [endorsement({ key: authorityKey }), /Signature verification failed/],
    [endorsement({ chain: [signer] }), /no chain/],
    [endorsement({ chain: [signer, signer] }), /does not hold/],
    [endorsement({ chain: [authority, authority] }), /has another purpose/],
    [endorsement({ iss: `did:x509:0:sha256:${'A'.repeat(43)}::eku:${purpose}` }), /is not that of their issuer/],
    [endorsement({ iss: `did:x509:0:sha256:${digest}::eku:1.2.3` }), /has another purpose/],
    [endorsement({ iss: 'did:web:example.com' }), /is of no known form/],
    [`new ArrayBuffer(0)`, /./],
  ];
  const attempts = cases.map(([message]) => `verify(report, chain, ${message})`);
  const errors = thrownByEach(engine, attempts, { services: trusting, helpers });
  for (const [index, [, expected]] of cases.entries()) {
    assert.match(String(errors[index]), /^RangeError: /);
    assert.match(String(errors[index]), expected);
  }
  const [stranger] = thrownByEach(engine, [`verify(report, chain, ${endorsement()})`], { services, helpers });
  assert.match(
    String(stranger),
    /do not match any of the known UVM roots/,
    'the roots are those of CCF unless others are named',
  );
});
