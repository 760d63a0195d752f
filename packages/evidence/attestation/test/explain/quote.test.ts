import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evidenceKinds, flipped, scenario, type EvidenceKind } from '@enclos/evidence-kit';
import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { explainQuote, type ExplainedField } from '../../src/explain/index.ts';
import { parseCollateral, softwareRoot, verifyQuote } from '../../src/index.ts';

const kinds = Object.keys(evidenceKinds) as readonly EvidenceKind[];

/** Every field without parts, in the order of the bytes. */
function leaves(fields: readonly ExplainedField[]): readonly ExplainedField[] {
  return fields.flatMap((field) => (field.fields === undefined ? [field] : leaves(field.fields)));
}

function find(fields: readonly ExplainedField[], ...path: readonly string[]): ExplainedField {
  const [name, ...rest] = path;
  const found = fields.find((field) => field.name === name);
  assert.ok(found !== undefined, `no field ${String(name)}`);
  return rest.length === 0 ? found : find(found.fields ?? [], ...rest);
}

function groupsOf(fields: readonly ExplainedField[]): readonly ExplainedField[] {
  return fields.flatMap((field) => (field.fields === undefined ? [] : [field, ...groupsOf(field.fields)]));
}

for (const kind of kinds) {
  test(`the fields of a quote (${kind}) lie one behind the other, from the first byte to the last`, () => {
    const { quote } = scenario({ kind });
    const fields = explainQuote(quote);
    const chain = groupsOf(fields).find(({ name }) => name === 'PCK chain');
    assert.ok(chain !== undefined);
    // Certificates have the place of their chain: PEM gives their fields none.
    const isInChain = ({ offset, sizeBytes }: ExplainedField): boolean =>
      offset === chain.offset && sizeBytes === chain.sizeBytes;
    const spans = [...leaves(fields).filter((field) => !isInChain(field)), chain].toSorted(
      (a, b) => a.offset - b.offset,
    );
    let end = 0;
    for (const { name, offset, sizeBytes, problem } of spans) {
      assert.equal(offset, end, name);
      assert.equal(problem, undefined, name);
      end += sizeBytes;
    }
    assert.equal(end, quote.length);
  });

  test(`the fields of a quote (${kind}) have the values that the verifier finds`, async () => {
    const { quote, collateral, root, at } = scenario({ kind });
    const roots = [await softwareRoot(root.certificate)];
    const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots, now: at });
    const fields = explainQuote(quote);
    assert.equal(find(fields, 'Header', 'version').value, String(verdict.quoteVersion));
    assert.equal(find(fields, 'Header', 'QE vendor').meaning, 'Intel');
    const body = fields.find((field) => field.fields?.some(({ name }) => name === 'REPORTDATA'));
    const valueOf = (name: string): string => find(body?.fields ?? [], name).value;
    assert.equal(valueOf('REPORTDATA'), verdict.report.reportData);
    if (verdict.tee === 'sgx') {
      assert.equal(valueOf('MRENCLAVE'), verdict.report.mrEnclave);
      assert.equal(valueOf('MRSIGNER'), verdict.report.mrSigner);
      assert.equal(valueOf('ISVPRODID'), String(verdict.report.isvProdId));
      assert.equal(valueOf('ISVSVN'), String(verdict.report.isvSvn));
      assert.equal(valueOf('ATTRIBUTES.FLAGS'), String(verdict.report.attributes.flags));
    } else {
      const { mrTd, rtmr3, tdAttributes, teeTcbSvn2, partition } = verdict.report;
      assert.equal(valueOf('MRTD'), mrTd);
      assert.equal(valueOf('RTMR3'), rtmr3);
      assert.equal(valueOf('TDATTRIBUTES'), String(tdAttributes));
      if (teeTcbSvn2 !== undefined) assert.equal(valueOf('TEE_TCB_SVN_2'), teeTcbSvn2);
      if (partition !== undefined) assert.equal(valueOf('CURSERVTDHASH'), partition.currentServiceTdHash);
    }
    const [pck] = find(fields, 'Signature data', 'PCK chain').fields ?? [];
    assert.equal(find(pck?.fields ?? [], 'FMSPC').value, verdict.fmspc);
  });
}

test('bits are named, and a debug enclave is told', () => {
  const { quote } = scenario({ report: { attributes: { flags: 0x8000_0000_0000_0007n, xfrm: 3n } } });
  const flags = find(explainQuote(quote), 'SGX enclave report', 'ATTRIBUTES.FLAGS');
  assert.equal(flags.meaning, 'INIT, DEBUG, MODE64BIT, bit 63: a debugger can read its memory');
});

test('what is reserved says whether it is zero', () => {
  const { quote } = scenario({});
  const changed = quote.slice();
  changed[48 + 20] = 1;
  const [first, second] = [quote, changed].map(
    (bytes) => explainQuote(bytes)[1]?.fields?.find(({ name }) => name === 'reserved')?.meaning,
  );
  assert.equal(first, 'zero');
  assert.equal(second, 'not zero');
});

test('a quote that is cut anywhere is explained up to there, and says so', () => {
  for (const kind of kinds) {
    const { quote } = scenario({ kind });
    for (let length = 0; length < quote.length; length += length < 1200 ? 1 : 97) {
      const fields = leaves(explainQuote(quote.subarray(0, length)));
      const last = fields.at(-1);
      assert.ok(last?.problem !== undefined, `${kind} at ${length}`);
      assert.ok(
        fields.every(({ offset, sizeBytes }) => offset + sizeBytes <= length),
        `${kind} at ${length}`,
      );
    }
  }
});

test('an unknown version, body type and chain are said, not refused', () => {
  const { quote } = scenario({ kind: 'tdx-v5-td15' });
  const change = (at: number, byte: number): Uint8Array => {
    const changed = quote.slice();
    changed[at] = byte;
    return changed;
  };
  assert.equal(explainQuote(change(0, 9)).at(-1)?.problem, 'the version is not known');
  assert.equal(explainQuote(change(48, 9)).at(-1)?.problem, 'the body type is not known');
  const chain = find(explainQuote(quote), 'Signature data', 'PCK chain');
  const broken = find(explainQuote(change(chain.offset + 200, 0x21)), 'Signature data', 'PCK chain');
  assert.match(broken.problem ?? '', /PEM/);
});

test('what follows a quote is said to be no part of it', () => {
  const { quote } = scenario({});
  const padded = new Uint8Array(quote.length + 7);
  padded.set(quote);
  const last = explainQuote(padded).at(-1);
  assert.deepEqual(
    { ...last },
    { name: 'Trailing bytes', offset: quote.length, sizeBytes: 7, value: '', meaning: 'no part of the quote' },
  );
});

test('certification data of another type is shown as it is, and what is long is not', () => {
  const withData = (data: Uint8Array): { readonly quote: Uint8Array } =>
    scenario({ signedQuote: (good) => ({ ...good, certification: { type: 1, data } }) });
  const short = withData(new Uint8Array([1, 2, 3]));
  const long = withData(new Uint8Array(5000));
  const dataOf = (quote: Uint8Array): ExplainedField =>
    find(explainQuote(quote), 'Signature data', 'certification data');
  assert.equal(dataOf(short.quote).value, '010203');
  assert.equal(dataOf(long.quote).value, '');
  assert.equal(dataOf(long.quote).meaning, 'too long to show');
});

test('any bytes at all are explained', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom(3, 4, 5), (bytes, version) => {
      bytes.set([version, 0].slice(0, bytes.length));
      for (const { offset, sizeBytes } of leaves(explainQuote(bytes))) assert.ok(offset + sizeBytes <= bytes.length);
    }),
  );
});

test('a flipped signature changes its own field and no other', () => {
  const { quote } = scenario({});
  const before = find(explainQuote(quote), 'Signature data', 'signature');
  const changed = quote.slice();
  changed.set(flipped(quote.subarray(before.offset, before.offset + 64)), before.offset);
  const after = explainQuote(changed);
  assert.equal(
    find(after, 'Signature data', 'signature').value,
    toHex(changed.subarray(before.offset, before.offset + 64)),
  );
  assert.deepEqual(after[1], explainQuote(quote)[1]);
});

vectors.test('every real quote is explained to its end', () => {
  const names = vectors.list('dcap/quotes');
  assert.equal(names.length, 47);
  for (const name of names) {
    const fields = explainQuote(vectors.read(`dcap/quotes/${name}`));
    assert.ok(
      leaves(fields).every(({ problem }) => problem === undefined),
      name,
    );
    assert.equal(find(fields, 'Signature data', 'PCK chain').fields?.length, 3, name);
  }
});
