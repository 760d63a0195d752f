import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex } from '@enclos/codec';
import {
  azureSnpScenario,
  azureTdxScenario,
  certificateTable,
  oldAzureDocument,
  openEnclaveReport,
  pem,
  scenario,
  snpReportJson,
  snpScenario,
} from '@enclos/evidence-kit';
import fc from 'fast-check';
import { maximumInputBytes, type Input } from '../src/page/input/input.ts';
import { readInput } from '../src/page/input/read-input.ts';

const { quote, collateral, root } = scenario({});
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function only(bytes: Uint8Array): Input {
  const inputs = readInput(bytes);
  assert.equal(inputs.length, 1);
  const [input] = inputs;
  assert.ok(input !== undefined);
  return input;
}

function reasonOf(bytes: Uint8Array): string {
  const input = only(bytes);
  assert.ok(input.kind === 'unreadable');
  return input.reason;
}

test('a quote is known as bytes, hex, base64 and PEM', () => {
  const base64 = Buffer.from(quote).toString('base64');
  const forms: readonly (readonly [string, Uint8Array])[] = [
    ['bytes', quote],
    ['hex', bytesOf(Buffer.from(quote).toString('hex'))],
    ['base64', bytesOf(base64)],
    ['PEM', bytesOf(`-----BEGIN QUOTE-----\n${base64}\n-----END QUOTE-----\n`)],
  ];
  for (const [form, bytes] of forms) {
    const input = only(bytes);
    assert.ok(input.kind === 'quote', form);
    assert.equal(input.form, form);
    assert.deepEqual(new Uint8Array(input.bytes), quote);
  }
});

test('collateral and a policy are told apart by their members', () => {
  const text = JSON.stringify(collateral);
  assert.deepEqual(only(bytesOf(`\n${text}\n`)), { kind: 'collateral', text });
  const policy = only(bytesOf('{ "mrSigner": ["00"], "minimumSecurityVersion": 1 }'));
  assert.ok(policy.kind === 'policy');
  assert.equal(policy.rules['minimumSecurityVersion'], 1);
});

test('an answer with a quote and its collateral is both', () => {
  const answer = { quote: Buffer.from(quote).toString('base64'), collateral };
  const inputs = readInput(bytesOf(JSON.stringify(answer)));
  assert.deepEqual(
    inputs.map(({ kind }) => kind),
    ['quote', 'collateral'],
  );
});

test('a root certificate is known as PEM and as DER', () => {
  assert.equal(only(bytesOf(root.certificate)).kind, 'root');
  const der = Buffer.from(root.certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  assert.equal(only(new Uint8Array(der)).kind, 'root');
  assert.equal(only(bytesOf(der.toString('base64'))).kind, 'root');
});

test('what is no text is taken for a quote, so that the verifier says what is wrong', () => {
  assert.equal(only(quote.subarray(0, 100)).kind, 'quote');
  assert.equal(only(new Uint8Array([0xff, 0x00, 0x01])).kind, 'quote');
});

test('an SEV-SNP report, AMD’s certificates and a list are known by their content', () => {
  const { report, leaf, ask, ark, crl } = snpScenario({ rsaBits: 2048 });
  for (const bytes of [report, bytesOf(Buffer.from(report).toString('hex'))]) {
    assert.equal(only(bytes).kind, 'snp-report');
  }
  assert.equal(only(leaf).kind, 'amd-leaf');
  assert.equal(only(ask).kind, 'amd-authority');
  assert.equal(only(ark).kind, 'amd-root');
  assert.equal(only(crl).kind, 'revocation-list');
  const kinds = readInput(bytesOf([leaf, ask, ark].map((der) => pem(der)).join(''))).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['amd-leaf', 'amd-authority', 'amd-root']);
  const vlek = snpScenario({ rsaBits: 2048, signingKey: 'VLEK' });
  assert.equal(only(vlek.leaf).kind, 'amd-leaf');
  assert.equal(only(vlek.ask).kind, 'amd-authority');
});

test('the evidence of an Azure VM is known by its members, alone or as a member, and an HCL report by its signature', () => {
  const { document, hclReport } = azureSnpScenario({ snp: { rsaBits: 2048 } });
  const text = Buffer.from(document).toString();
  for (const bytes of [document, bytesOf(`\n${text} `), bytesOf(`{"platform":"az-snp","evidence":${text}}`)]) {
    const input = only(bytes);
    assert.ok(input.kind === 'azure-evidence');
    assert.deepEqual(JSON.parse(Buffer.from(input.bytes).toString()), JSON.parse(text));
  }
  assert.equal(only(azureTdxScenario().document).kind, 'azure-evidence');
  assert.equal(only(hclReport).kind, 'hcl-report');
  assert.equal(only(bytesOf(Buffer.from(hclReport).toString('base64'))).kind, 'hcl-report');
  const policy = only(bytesOf('{ "tee": "azure-vtpm", "pcrs": { "7": ["00"] } }'));
  assert.equal(policy.kind, 'policy');
});

test('everything else is said to be unreadable, and why', () => {
  assert.match(reasonOf(new Uint8Array()), /empty/);
  assert.match(reasonOf(bytesOf('Hello, world!')), /not evidence/);
  assert.match(reasonOf(bytesOf('{ "a": 1, "a": 2 }')), /begins like JSON and is not/);
  assert.match(reasonOf(bytesOf('{ "tcbInfo": {} }')), /not evidence, collateral .* or the rules of a policy/);
  assert.match(reasonOf(bytesOf(root.certificate + root.certificate)), /chain of certificates/);
  assert.match(reasonOf(new Uint8Array(maximumInputBytes + 1)), /4\.0 MiB.*nothing over 4 MiB/);
  assert.match(reasonOf(bytesOf('['.repeat(100_000))), /not evidence/);
  assert.match(reasonOf(bytesOf(`{"a":${'['.repeat(100_000)}`)), /begins like JSON and is not/);
});

test('any bytes and any text are read', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readInput(bytes).length > 0));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => readInput(bytesOf(`{${text}`)).length > 0));
  fc.assert(fc.property(fc.json(), (text) => readInput(bytesOf(text)).length > 0));
});

test('an extended report of SEV-SNP is the report and the certificate of its key, and never a root', () => {
  const { report, leaf, ask, ark } = snpScenario({ rsaBits: 2048 });
  const table = certificateTable([
    { guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: leaf },
    { guid: '4ab7b379-bbac-4fe4-a02f-05aef327c782', content: ask },
    { guid: 'c0b406a4-a803-4952-9743-3fb6014cd0ae', content: ark },
  ]);
  const extended = concatBytes(report, table);
  for (const bytes of [extended, bytesOf(Buffer.from(extended).toString('base64'))]) {
    const inputs = readInput(bytes);
    assert.deepEqual(
      inputs.map(({ kind }) => kind),
      ['snp-report', 'amd-leaf'],
    );
    const [found, certificate] = inputs;
    assert.ok(found !== undefined && 'bytes' in found && certificate !== undefined && 'der' in certificate);
    assert.deepEqual([found.bytes, certificate.der], [report, leaf]);
  }
  for (const rest of [
    new Uint8Array(9),
    table.subarray(0, 60),
    certificateTable([{ guid: 'c0b406a4-a803-4952-9743-3fb6014cd0ae', content: ark }]),
  ]) {
    const whole = concatBytes(report, rest);
    assert.deepEqual(
      readInput(whole).map((input) => 'bytes' in input && input.bytes.length),
      [whole.length],
    );
  }
});

test('evidence of an Azure VM is known in every version of its document', () => {
  const made = azureSnpScenario({ snp: { rsaBits: 2048 } });
  const old = oldAzureDocument(made, { vcek: made.snp.leaf });
  assert.deepEqual(
    readInput(old).map(({ kind }) => kind),
    ['azure-evidence'],
  );
});

test('a text of many PEM blocks is not used', () => {
  const block = '-----BEGIN A-----\nAAAA\n-----END A-----\n';
  const quoteBlock = `-----BEGIN QUOTE-----\n${Buffer.from(quote).toString('base64')}\n-----END QUOTE-----\n`;
  assert.equal(only(bytesOf(block.repeat(7) + quoteBlock)).kind, 'quote');
  assert.match(reasonOf(bytesOf(block.repeat(8) + quoteBlock)), /more than 8 blocks/);
  assert.match(reasonOf(bytesOf(block)), /not evidence/);
});

test('one file with several pieces of evidence is refused: which of them was meant is not known', () => {
  const text = Buffer.from(quote).toString('base64');
  assert.match(reasonOf(bytesOf(JSON.stringify({ first: text, second: text }))), /2 pieces of evidence/);
});

test('an answer with a repeated name is refused, although each of its values is evidence', () => {
  const text = Buffer.from(quote).toString('base64');
  assert.match(reasonOf(bytesOf(`{"quote":"${text}","quote":"${text}"}`)), /begins like JSON and is not/);
});

test('no root is taken out of an answer', () => {
  const answer = { quote: Buffer.from(quote).toString('base64'), root: root.certificate };
  assert.equal(only(bytesOf(JSON.stringify(answer))).kind, 'quote');
  assert.match(reasonOf(bytesOf(JSON.stringify({ root: root.certificate }))), /not evidence, collateral/);
});

test('evidence is found in what carries it', () => {
  const { report } = snpScenario({ rsaBits: 2048 });
  const response = concatBytes(new Uint8Array([0, 0, 0, 0, 0xa0, 4, 0, 0]), new Uint8Array(24), report);
  for (const [bytes, form] of [
    [openEnclaveReport(quote), 'Open Enclave report'],
    [bytesOf(Buffer.from(openEnclaveReport(quote)).toString('base64')), 'Open Enclave report, in base64'],
    [response, 'answer of the firmware'],
    [bytesOf(JSON.stringify({ attestation_report: snpReportJson(report) })), 'member attestation_report'],
  ] as const) {
    const input = only(bytes);
    assert.ok('bytes' in input && input.form === form, form);
    assert.deepEqual(new Uint8Array(input.bytes), input.kind === 'quote' ? quote : report);
  }
});

test('collateral of a report as AMD’s key service and Azure serve it is its certificates and its list', () => {
  const { leaf, ask, ark, crl } = snpScenario({ rsaBits: 2048 });
  const chain = pem(ask) + pem(ark);
  for (const [json, kinds] of [
    [
      { certificate_chain: pem(leaf) + chain, crl: toHex(crl) },
      ['amd-leaf', 'amd-authority', 'amd-root', 'revocation-list'],
    ],
    [{ vcekCert: pem(leaf), certificateChain: chain }, ['amd-leaf', 'amd-authority', 'amd-root']],
  ] as const) {
    assert.deepEqual(
      readInput(bytesOf(JSON.stringify(json))).map(({ kind }) => kind),
      kinds,
    );
  }
});
