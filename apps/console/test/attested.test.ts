import assert from 'node:assert/strict';
import { test } from 'node:test';
import { softwareRoot } from '@enclos/attestation';
import { utf8 } from '@enclos/codec';
import { attestedCertificate, attestedForms, azureTdxScenario, scenario, snpScenario } from '@enclos/evidence-kit';
import { toHex } from '@enclos/codec';
import fc from 'fast-check';
import { check } from '../src/page/check.ts';
import { readAttested } from '../src/page/input/attested.ts';
import type { Outcome, Request } from '../src/page/outcome.ts';
import { Session, type Source } from '../src/page/session.ts';
import { policyFor } from './example-policy.ts';

const forms = attestedForms();
const names = ['tagged', 'cmw', 'gramine-legacy', 'oe-report', 'ego', 'azure-signing', 'oe-evidence'] as const;

function source(bytes: Uint8Array): Source {
  return { name: 'server.der', size: bytes.length, arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer) };
}

/** What the page makes of one dropped certificate, under the root of the kit. */
async function outcomeOf(certificate: Uint8Array, change: Partial<Request> = {}): Promise<Outcome> {
  const session = new Session();
  await session.add([source(certificate)]);
  const { evidence } = session;
  assert.ok(evidence !== undefined);
  const { collateral, root, at } = scenario();
  const roots = [await softwareRoot(root.certificate)];
  return check({
    evidence,
    collateral: JSON.stringify(collateral),
    roots,
    amd: {},
    amdRoots: [],
    now: at,
    allowTrailingBytes: false,
    ...change,
  });
}

for (const name of names) {
  const { id, reportData, wrap } = forms[name];

  test(`evidence in a certificate (${name}) is unpacked, verified and bound to its key`, async () => {
    const { quote } = scenario({ report: { reportData } });
    const { verification, certificate, fields } = await outcomeOf(attestedCertificate({ id, value: wrap(quote) }));
    assert.ok(verification.kind === 'genuine');
    assert.deepEqual(verification.steps.at(-1), {
      number: verification.steps.length,
      id: 'certificate-binding',
      title: 'The evidence vouches for the key of the certificate',
      status: 'passed',
    });
    assert.deepEqual(certificate?.actual, { isBound: true, boundData: toHex(reportData) });
    assert.equal(certificate.unpacked.form, name === 'ego' || name === 'azure-signing' ? 'oe-report' : name);
    assert.equal(fields[0]?.label, 'header');
  });

  test(`genuine evidence of another key in a certificate (${name}) is refused`, async () => {
    const { quote } = scenario();
    const outcome = await outcomeOf(attestedCertificate({ id, value: wrap(quote) }));
    assert.ok(outcome.verification.kind === 'refused');
    assert.deepEqual(
      { ...outcome.verification.error.details },
      { step: 'certificate-binding', status: 'CERTIFICATE_KEY_NOT_BOUND' },
    );
    assert.equal(outcome.verification.steps.at(-1)?.status, 'failed');
    assert.equal(outcome.certificate?.actual?.isBound, false);
    assert.deepEqual(outcome.appraisal, { kind: 'none' });
  });
}

test('evidence that is not genuine leaves the key unknown', async () => {
  const { id, reportData, wrap } = forms.tagged;
  const { quote } = scenario({ report: { reportData }, qeReport: { isvProdId: 7 } });
  const { verification, certificate } = await outcomeOf(attestedCertificate({ id, value: wrap(quote) }));
  assert.equal(verification.kind, 'refused');
  assert.ok(certificate !== undefined && certificate.actual === undefined);
  const waiting = await outcomeOf(attestedCertificate({ id, value: wrap(quote) }), { roots: [] });
  assert.equal(waiting.certificate?.actual, undefined);
});

test('a policy is bound by the key of the certificate, or by what was typed in', async () => {
  const { id, reportData, wrap } = forms.tagged;
  const { quote, root } = scenario({ report: { reportData } });
  const { fingerprint } = await softwareRoot(root.certificate);
  const policy = policyFor(fingerprint);
  const certificate = attestedCertificate({ id, value: wrap(quote) });
  const { appraisal } = await outcomeOf(certificate, { policy });
  assert.ok(appraisal.kind === 'accepted' && appraisal.binding.kind === 'certificate-key');
  const typed = (await outcomeOf(certificate, { policy, reportData })).appraisal;
  assert.ok(typed.kind === 'accepted' && typed.binding.kind === 'report-data');
  const other = (await outcomeOf(certificate, { policy, reportData: new Uint8Array(64) })).appraisal;
  assert.ok(other.kind === 'refused' && other.error.details['field'] === 'binding');
});

test('a certificate may carry the evidence of an Azure VM, or a report of SEV-SNP', async () => {
  const { id, reportData, wrap } = forms.tagged;
  const { document, tdx } = azureTdxScenario({ nonce: reportData });
  const { verification, certificate } = await outcomeOf(attestedCertificate({ id, value: wrap(document) }), {
    collateral: JSON.stringify(tdx.collateral),
  });
  assert.ok(verification.kind === 'genuine' && verification.verdict.tee === 'azure-vtpm');
  assert.equal(certificate?.actual?.isBound, true);
  const { report } = snpScenario({ rsaBits: 2048 });
  const attested = await readAttested(attestedCertificate({ id, value: wrap(report) }));
  assert.equal(attested?.kind, 'snp-report');
});

test('a certificate without evidence is a root; one whose evidence is refused says why', async () => {
  const { id, wrap } = forms.tagged;
  assert.equal(await readAttested(attestedCertificate()), undefined);
  assert.equal(await readAttested(utf8('none')), undefined);
  const reasonOf = async (certificate: Uint8Array): Promise<string> => {
    const session = new Session();
    await session.add([source(certificate)]);
    const [entry] = session.entries;
    assert.ok(entry?.input.kind === 'unreadable');
    return entry.input.reason;
  };
  const { quote } = scenario();
  assert.match(
    await reasonOf(attestedCertificate({ id, value: utf8('none') })),
    /evidence in it is refused: it cannot be read/,
  );
  const others = attestedForms(utf8('another key')).tagged;
  assert.match(
    await reasonOf(attestedCertificate({ id, value: others.wrap(quote) })),
    /its claims are about another key/,
  );
  const two = [
    { id, value: wrap(quote) },
    { id: forms.cmw.id, value: forms.cmw.wrap(scenario({ kind: 'tdx-v4' }).quote) },
  ];
  assert.match(await reasonOf(attestedCertificate(...two)), /two quotes/);
  assert.match(
    await reasonOf(attestedCertificate({ id, value: wrap(utf8('no evidence')) })),
    /what it carries is not evidence/,
  );
});

test('one piece of evidence takes the place of another, wherever it came from', async () => {
  const { id, wrap } = forms.tagged;
  const session = new Session();
  const { document } = azureTdxScenario();
  await session.add([source(scenario().quote), source(attestedCertificate({ id, value: wrap(scenario().quote) }))]);
  assert.equal(session.entries.length, 1);
  assert.ok(session.evidence !== undefined && 'certificate' in session.evidence);
  await session.add([source(document)]);
  assert.deepEqual(
    session.entries.map(({ input }) => input.kind),
    ['azure-evidence'],
  );
});

test('any change of a certificate is read as something', async () => {
  const { id, wrap } = forms.tagged;
  const good = attestedCertificate({ id, value: wrap(scenario().quote) });
  const changed = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  await fc.assert(
    fc.asyncProperty(changed, async (bytes) => {
      const read = await readAttested(bytes);
      assert.ok(read === undefined || 'bytes' in read || read.kind === 'unreadable');
    }),
    { numRuns: 300 },
  );
});
