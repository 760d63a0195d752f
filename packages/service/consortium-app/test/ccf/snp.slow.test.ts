import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { fromHex, toHex } from '@enclos/codec';
import { pem, snpScenario } from '@enclos/evidence-kit';

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
    `verify(report, chain, undefined, 'ffffffffffffffff')`,
    `verify(report, chain, new ArrayBuffer(1))`,
  ];
  const errors = thrownByEach(engine, attempts, { services, helpers });
  for (const error of errors) assert.match(String(error), /^RangeError: /);
  assert.match(String(errors[3]), /The endorsed TCB version ffffffffffffffff is not that of the report/);
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
