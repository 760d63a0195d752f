import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter, concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { scenario } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { attest } from '../../src/attest/attest.ts';
import type { AttestRequest } from '../../src/attest/attest-request.ts';
import { readEvidence } from '../../src/attest/evidence.ts';
import { toldOf } from '../errors.ts';
import { refusalOf, snpDocument, softwareSite } from './scene.ts';

const { quote } = scenario();
const header = (version: number, type: number, size: number): Uint8Array =>
  new ByteWriter().u32(version).u32(type).u64(BigInt(size)).finish();
const types = ['SgxEnclave', 'OpenEnclave', 'SevSnpVm', 'TdxVm'] as const;

function refuses(type: AttestRequest['type'], evidence: Uint8Array): void {
  assert.throws(
    () => readEvidence({ type, evidence }),
    (error) => {
      const { status, code } = toldOf(error);
      return status === 400 && code === 'InvalidParameter';
    },
  );
}

test('an Open Enclave report is its header and its quote, and nothing else', () => {
  const read = readEvidence({ type: 'OpenEnclave', evidence: concatBytes(header(1, 2, quote.length), quote) });
  assert.deepEqual(read, { kind: 'quote', tee: 'sgx', quote });
  for (const evidence of [
    concatBytes(header(2, 2, quote.length), quote),
    concatBytes(header(1, 1, quote.length), quote),
    concatBytes(header(1, 2, quote.length - 1), quote),
    concatBytes(header(1, 2, quote.length + 1), quote),
    concatBytes(header(1, 2, quote.length), quote, Uint8Array.of(0)),
    concatBytes(header(1, 2, 47), quote.subarray(0, 47)),
    header(1, 2, 0),
    header(1, 2, quote.length).subarray(0, 15),
    new Uint8Array(),
    quote,
  ]) {
    refuses('OpenEnclave', evidence);
  }
  refuses('SgxEnclave', concatBytes(header(1, 2, quote.length), quote).subarray(0, 47));
});

test('a quote has nothing behind it', async () => {
  const where = await softwareSite();
  for (const more of [Uint8Array.of(0), new Uint8Array(100)]) {
    const evidence = concatBytes(where.request.evidence, more);
    assert.match(await refusalOf({ ...where.request, evidence }, where), /^400 InvalidParameter evidence/);
  }
});

test('a quote of a platform that is known is read whole too', async () => {
  const where = await softwareSite();
  const { evidence } = where.request;
  const changed = evidence.slice();
  // The kind of attestation key: nothing that leads to the platform.
  changed[2] = 3;
  const refused = /^400 InvalidParameter evidence/;
  assert.match(await refusalOf({ ...where.request, evidence: changed }, where), refused);
  assert.equal(where.asked.length, 0);
  await attest(where.request, where.context);
  assert.equal(where.asked.length, 1);
  assert.match(await refusalOf({ ...where.request, evidence: changed }, where), refused);
  const longer = concatBytes(evidence, Uint8Array.of(0));
  assert.match(await refusalOf({ ...where.request, evidence: longer }, where), refused);
  await attest(where.request, where.context);
  assert.equal(where.asked.length, 1);
});

test('evidence over 256 KiB is not looked at', () => {
  const big = new Uint8Array(262_145);
  big.set(quote);
  for (const type of types) refuses(type, big);
});

test('a document of SEV-SNP with more than 64 values is refused before any of them is made', () => {
  const endorsed = (count: number): Uint8Array =>
    utf8(`{"SnpReport":"${toBase64url(new Uint8Array(1184))}","Endorsements":[${'1,'.repeat(count - 1)}1]}`);
  // Both members, the list, and what is in it.
  assert.equal(readEvidence({ type: 'SevSnpVm', evidence: endorsed(62) }).kind, 'report');
  const members = Array.from({ length: 20_000 }, (_, index) => `"${index}":1`).join();
  for (const evidence of [endorsed(63), endorsed(30_000), utf8(`{${members}}`)]) {
    assert.throws(() => readEvidence({ type: 'SevSnpVm', evidence }), /over 64 values/);
  }
});

test('any bytes and any JSON are read within their bounds, or refused with one code', () => {
  const report = fc.uint8Array({ minLength: 0, maxLength: 1300 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    report.map((each) => snpDocument(each)),
    fc.tuple(report, fc.string()).map(([each, chain]) => snpDocument(each, chain)),
    fc.nat({ max: quote.length }).map((length) => quote.slice(0, length)),
    fc
      .tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 6000 }))
      .map((parts) => concatBytes(header(...parts), quote)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...types), bytes, (type, evidence) => {
      try {
        const read = readEvidence({ type, evidence });
        if (read.kind === 'report') assert.equal(read.report.length, 1184);
        else assert.ok(read.quote.length >= 48 && read.quote.length <= evidence.length);
      } catch (error) {
        assert.equal(toldOf(error).code, 'InvalidParameter', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
