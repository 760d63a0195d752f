import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { parseHclReport } from '../../src/azure-vtpm/index.ts';
import { parseTpmQuote } from '../../src/azure-vtpm/tpm-quote.ts';
import { hclReport, tpmsAttest } from './fake-tpm.ts';

const runtime = utf8('{"keys":[{"kid":"HCLAkPub"}],"vm-configuration":{}}');

describe('an HCL report', () => {
  test('has a hardware report and the data that it binds', () => {
    const snp = parseHclReport(hclReport());
    assert.deepEqual([snp.hardware, snp.hardwareReport.length, snp.runtimeData], ['snp', 1184, runtime]);
    const tdx = parseHclReport(hclReport({ hardware: 'tdx' }));
    assert.deepEqual([tdx.hardware, tdx.hardwareReport.length], ['tdx', 1024]);
  });

  test('may have NULs behind its runtime data, which the digest does not cover', () => {
    const padded = Uint8Array.of(...runtime, 0, 0, 0);
    assert.deepEqual(parseHclReport(hclReport({ runtime: padded })).runtimeData, runtime);
  });

  vectors.test('of real machines', () => {
    for (const [folder, hardware] of [
      ['az_snp', 'snp'],
      ['az_tdx', 'tdx'],
    ]) {
      const report = parseHclReport(vectors.read(`azure-vtpm/attestation-rs/${folder}/hcl-report.bin`));
      assert.equal(report.hardware, hardware);
      const { keys } = JSON.parse(new TextDecoder().decode(report.runtimeData)) as { keys: { kid: string }[] };
      assert.equal(keys[0]?.kid, 'HCLAkPub');
    }
  });

  const refused: readonly [what: string, bytes: Uint8Array][] = [
    ['with another beginning', hclReport().fill(0x41, 0, 4)],
    ['of other hardware', hclReport({ kind: 3 })],
    ['with another digest', hclReport({ hashType: 2 })],
    ['about other runtime data', hclReport({ bound: new Uint8Array(32) })],
    ['with more in its report data', hclReport({ bound: new Uint8Array(64).fill(1) })],
    [
      'whose runtime data was changed',
      hclReport({ runtime: utf8('{"keys":[{"kid":"HCLAkPab"}],"vm-configuration":{}}') }),
    ],
    ['without runtime data', hclReport({ contentLength: 0 })],
    ['with runtime data without an end', hclReport({ contentLength: 65_537 })],
    ['with runtime data over its end', hclReport({ contentLength: 2000 })],
    ['with bytes behind it', hclReport({ trailing: Uint8Array.of(0, 1) })],
    ['that is cut off', hclReport().slice(0, 1200)],
    ['of nothing', new Uint8Array()],
  ];
  for (const [what, bytes] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(() => parseHclReport(bytes), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }

  test('is refused for any change of a byte that counts', () => {
    const report = hclReport({ trailing: new Uint8Array() });
    // Header and hardware report are opaque but for the binding.
    const at = fc.integer({ min: 0x20 + 1184 + 8, max: report.length - 1 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (index, change) => {
        const changed = Uint8Array.from(report, (byte, i) => (i === index ? byte ^ change : byte));
        assert.throws(() => parseHclReport(changed), { code: 'TEE_EVIDENCE_UNEXPECTED' });
      }),
    );
  });
});

describe('a quote of a TPM', () => {
  const data = Uint8Array.of(1, 2, 3);

  test('says what it is about', () => {
    assert.deepEqual(parseTpmQuote(tpmsAttest(data)).qualifyingData, data);
  });

  vectors.test('of a real machine has another selection of registers, which this driver never asks for', () => {
    const message = vectors.read('azure-vtpm/attestation-rs/az_snp/tpm-quote.msg');
    assert.throws(() => parseTpmQuote(message), { code: 'TEE_EVIDENCE_UNEXPECTED', message: /other registers/ });
  });

  const refused: readonly [what: string, bytes: Uint8Array][] = [
    ['that the TPM did not make', tpmsAttest(data, { magic: '00000000' })],
    ['that is a certification', tpmsAttest(data, { type: '8017' })],
    ['of fewer registers', tpmsAttest(data, { selection: '00000001000b03feffff' })],
    ['of two banks', tpmsAttest(data, { selection: '00000002000b03ffffff' })],
    ['of another bank', tpmsAttest(data, { selection: '00000001000403ffffff' })],
    ['with a wide selection', tpmsAttest(data, { selection: '00000001000b04ffffff00' })],
    ['with bytes behind it', tpmsAttest(data, { trailing: Uint8Array.of(0) })],
    ['that is cut off', tpmsAttest(data).slice(0, -1)],
    ['of nothing', new Uint8Array()],
  ];
  for (const [what, bytes] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(() => parseTpmQuote(bytes), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }
});
