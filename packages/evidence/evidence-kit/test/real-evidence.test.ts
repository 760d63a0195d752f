import assert from 'node:assert/strict';
import { ByteReader } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { encodeQuote, scenario, type EvidenceKind, type QuoteParts } from '../src/index.ts';

const read = (path: string): string => new TextDecoder().decode(vectors.read(path));

/** Cuts a quote into its pieces. Only for quotes that are good. */
function partsOf(quote: Uint8Array): QuoteParts {
  const reader = new ByteReader(quote);
  const header = {
    version: reader.u16(),
    attestationKeyType: reader.u16(),
    teeType: reader.u32(),
    qeSvn: reader.u16(),
    pceSvn: reader.u16(),
    qeVendorId: reader.bytes(16),
    userData: reader.bytes(20),
  };
  const descriptor = header.version === 5 ? { type: reader.u16(), sizeBytes: reader.u32() } : undefined;
  const body = reader.bytes(descriptor?.sizeBytes ?? (header.teeType === 0 ? 384 : 584));
  reader.u32();
  const [signature, attestationKey] = [reader.bytes(64), reader.bytes(64)];
  if (header.version > 3) assert.deepEqual([reader.u16(), reader.u32() > 0], [6, true]);
  const [qeReport, qeReportSignature] = [reader.bytes(384), reader.bytes(64)];
  const qeAuthData = reader.bytes(reader.u16());
  const certification = { type: reader.u16(), data: reader.bytes(reader.u32()) };
  const trailing = reader.bytes(reader.remaining);
  return {
    header,
    descriptor,
    body,
    signature,
    attestationKey,
    qeReport,
    qeReportSignature,
    qeAuthData,
    certification,
    trailing,
  };
}

vectors.test('real quotes of all versions are written byte for byte as they are', () => {
  const versions = new Set<number>();
  for (const file of vectors.list('dcap/quotes').filter((name) => name.endsWith('.bin'))) {
    const quote = vectors.read(`dcap/quotes/${file}`);
    const parts = partsOf(quote);
    assert.deepEqual(encodeQuote(parts), quote, file);
    versions.add(parts.header.version);
  }
  assert.deepEqual(versions, new Set([3, 4, 5]));
});

const namesOf = (value: object): readonly string[] => Object.keys(value);

interface Documents {
  readonly tcb_info: string;
  readonly qe_identity: string;
}

const pairs: readonly (readonly [folder: string, kind: EvidenceKind])[] = [
  ['sgx-v3-swhardening', 'sgx-v3'],
  ['tdx-v5-td-relaunch-advised', 'tdx-v5-td15'],
];

for (const [folder, kind] of pairs) {
  vectors.test(`documents of ${kind} have the members of Intel’s, in their order`, () => {
    const real = JSON.parse(read(`dcap/vectors/${folder}/collateral.json`)) as Documents;
    const { collateral } = scenario({ kind });
    assert.deepEqual(namesOf(collateral), namesOf(real));
    for (const document of ['tcb_info', 'qe_identity'] as const) {
      const [ours, theirs] = [collateral, real].map((each) => JSON.parse(each[document]) as object);
      assert.ok(ours !== undefined && theirs !== undefined);
      assert.deepEqual(namesOf(ours), namesOf(theirs), document);
    }
    const [ours, theirs] = [collateral, real].map(
      (each) => JSON.parse(each.tcb_info) as { readonly tcbLevels: readonly { readonly tcb: object }[] },
    );
    assert.deepEqual(namesOf(ours?.tcbLevels[0]?.tcb ?? {}), namesOf(theirs?.tcbLevels[0]?.tcb ?? {}));
  });
}
