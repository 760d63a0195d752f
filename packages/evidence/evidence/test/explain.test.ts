import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainQuote, explainSnpReport, type ExplainedField } from '@enclos/attestation/explain';
import { scenario, snpScenario } from '@enclos/evidence-kit';
import { explain, type ExplainNode } from '../src/explain.ts';
import { sha256 } from './sha256.ts';

const kinds = ['sgx-v3', 'sgx-v4', 'sgx-v5', 'tdx-v4', 'tdx-v5-td10', 'tdx-v5-td15', 'tdx-v5-td15ex'] as const;

function find(nodes: readonly ExplainNode[], ...labels: readonly string[]): ExplainNode | undefined {
  const [label, ...rest] = labels;
  const found = nodes.find((node) => node.label === label);
  return rest.length === 0 ? found : find(found?.children ?? [], ...rest);
}

/** Where the leaves lie. */
function placesIn(nodes: readonly ExplainNode[]): readonly string[] {
  return nodes.flatMap(({ offset, sizeBytes, children }) => [
    ...(offset === undefined ? [] : [`${offset} ${sizeBytes}`]),
    ...placesIn(children ?? []),
  ]);
}

/** The same of what the bytes say, but for certificates, and for reserved bytes that are zero. */
function fieldPlaces(fields: readonly ExplainedField[]): readonly string[] {
  return fields.flatMap(({ name, offset, sizeBytes, meaning, fields: inner }) => {
    if (name === 'PCK chain' || (name === 'reserved' && meaning === 'zero')) return [];
    return inner === undefined ? [`${offset} ${sizeBytes}`] : fieldPlaces(inner);
  });
}

const quoteOf = (kind: (typeof kinds)[number]): Uint8Array => scenario({ kind }).quote;

for (const kind of kinds) {
  test(`every field of a quote (${kind}) is where it lies`, () => {
    const quote = quoteOf(kind);
    assert.deepEqual(placesIn(explain(quote, { sha256 }).nodes), fieldPlaces(explainQuote(quote)));
  });
}

test('every field of a report is where it lies', () => {
  const { report } = snpScenario({ rsaBits: 2048 });
  assert.deepEqual(placesIn(explain(report, { sha256 }).nodes), fieldPlaces(explainSnpReport(report)));
});

describe('what a quote says', () => {
  const { nodes } = explain(quoteOf('tdx-v5-td15'), { sha256 });

  test('has a title for each part', () => {
    assert.deepEqual(
      nodes.map(({ label }) => label),
      ['verified', 'header', 'body description', 'trust domain, TD 1.5', 'signature data size', 'signature'],
    );
  });

  test('names what is set, and what it means', () => {
    const attributes = find(nodes, 'trust domain, TD 1.5', 'TDATTRIBUTES');
    assert.deepEqual([attributes?.value, attributes?.note], ['0x10000000: SEPT_VE_DISABLE', 'not a debug TD']);
    const svn = find(nodes, 'trust domain, TD 1.5', 'TEE_TCB_SVN', '[1] version of the TDX module');
    assert.equal(svn?.value, '1');
    assert.equal(find(nodes, 'header', 'TEE')?.value, '0x81');
  });

  test('warns of a debug enclave and of a debug TD', () => {
    const debug = 'DEBUG: the host can read its memory, it keeps no secrets';
    const sgx = quoteOf('sgx-v3').slice();
    sgx[96] = 0x07;
    assert.equal(find(explain(sgx, { sha256 }).nodes, 'enclave', 'attributes')?.note, debug);
    const tdx = quoteOf('tdx-v4').slice();
    tdx[48 + 120] = 0x01;
    assert.equal(find(explain(tdx, { sha256 }).nodes, 'trust domain, TD 1.0', 'TDATTRIBUTES')?.note, debug);
  });

  test('says of reserved bytes that are not zero that they should be', () => {
    const sgx = quoteOf('sgx-v3').slice();
    sgx[48 + 20] = 1;
    assert.equal(find(explain(sgx, { sha256 }).nodes, 'enclave', 'reserved')?.note, 'should be zero');
  });
});

test('a TCB has the parts of its product', () => {
  const parts = (product: 'Milan' | 'Turin'): readonly string[] =>
    find(
      explain(snpScenario({ product, rsaBits: 2048, version: 3 }).report, { sha256 }).nodes,
      'reported TCB',
    )?.children?.map(({ label }) => label) ?? [];
  assert.deepEqual(parts('Milan'), ['boot loader', 'TEE', 'SNP firmware', 'microcode']);
  assert.deepEqual(parts('Turin'), ['FMC', 'boot loader', 'TEE', 'SNP firmware', 'microcode']);
});
