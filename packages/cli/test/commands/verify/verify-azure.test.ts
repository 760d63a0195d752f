import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { boundReportData } from '@enclos/attestation';
import { factsOfFile } from '@enclos/cli-evidence';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import {
  azureSnpScenario,
  azureTdxScenario,
  encodeTpmAttest,
  examplePcrs,
  oldAzureDocument,
  otherAzureKey,
  pem,
  pemChain,
  type AzureScenarioChanges,
} from '@enclos/evidence-kit';
import { createAzureVtpmAttester } from '@enclos/tee/azure-vtpm';
import { vectors } from '@enclos/testkit';
import { folder, machineOn, policyOf, put, stepsIn, verify } from './azure-machine.ts';
import { enclos, errorOf, type Ran } from '../../cli.ts';
import {
  asReportData,
  certificateWith,
  claimsAbout,
  serverKeyInfo,
  sha256,
  taggedEvidence,
} from '../../kit-evidence.ts';

describe('the evidence of an Azure VM', () => {
  for (const [hardware, count, status] of [
    ['snp', 20, 'GENUINE'],
    ['tdx', 30, 'OK'],
  ] as const) {
    test(`on ${hardware} is verified to the PCRs`, async () => {
      const machine = machineOn(hardware);
      const ran = await verify(machine, ['--json']);
      assert.equal(ran.code, 0, ran.stdout);
      const answer = ran.json();
      assert.deepEqual([answer['status'], answer['tee'], answer['appraised']], [status, 'azure-vtpm', false]);
      assert.equal(answer['onlyHardware'], undefined);
      const verdict = answer['verdict'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      assert.deepEqual(Object.keys(verdict), [
        'tee',
        'vmConfiguration',
        'userData',
        'attestationKey',
        'tpm',
        'hardware',
      ]);
      assert.equal(verdict['hardware']?.['tee'], hardware === 'snp' ? 'sev-snp' : 'tdx');
      assert.equal(verdict['tpm']?.['qualifyingData'], toHex(machine.nonce));
      assert.equal(verdict['vmConfiguration']?.['secureBoot'], true);
      const steps = stepsIn(ran);
      assert.equal(steps.length, count);
      assert.ok(steps.every((step) => step.status === 'passed'));
      assert.deepEqual(
        [steps[0]?.id, steps[1]?.id, steps.at(-1)?.id],
        ['vtpm-document', 'vtpm-hcl-report', 'vtpm-pcr-digest'],
      );
    });

    test(`on ${hardware} is shown to people: machine, nonce, PCRs, then the hardware`, async () => {
      const { stdout } = await verify(machineOn(hardware));
      assert.match(stdout, /\nThe evidence is genuine\. It says:\n {2}machine +6332533D-/);
      assert.match(stdout, /\n {2}secure boot +yes\n {2}serial console +no\n/);
      assert.match(stdout, /\n {2}PCR 7 +(?:08){32}\n/);
      assert.match(stdout, /\n\nThe hardware below says about the paravisor:\n/);
      assert.match(stdout, /\n⚠ Nothing was appraised: this is genuine evidence of some machine\./);
    });
  }

  test('is found in other JSON, in base64, and on standard input', async () => {
    const machine = machineOn('snp');
    const wrapped = `{ "platform": "az-snp", "evidence": ${Buffer.from(machine.document).toString()} }`;
    for (const [content, path] of [
      [utf8(wrapped), ['member evidence']],
      [utf8(Buffer.from(machine.document).toString('base64')), ['base64']],
    ] as const) {
      const ran = await verify(machine, ['--json'], content);
      assert.deepEqual([ran.code, ran.json()['foundIn']], [0, path]);
    }
    const piped = await enclos(['verify', '-', ...machine.options], { cwd: folder, stdin: [machine.document] });
    assert.equal(piped.code, 0);
  });

  test('is fetched for by what its hardware names', async () => {
    const { tdx, document } = azureTdxScenario();
    const facts = await factsOfFile(join(folder, put('facts', document)), undefined);
    assert.deepEqual(facts, { tee: 'tdx', fmspc: toHex(tdx.identity.fmspc), ca: 'platform' });
    const onSnp = await factsOfFile(join(folder, put('facts', machineOn('snp').document)), undefined);
    assert.equal(onSnp.tee, 'snp');
    const alone = await factsOfFile(join(folder, put('facts', machineOn('snp').hclReport)), undefined);
    assert.deepEqual(alone, onSnp);
  });
});

/** Each: what is wrong, and the step that finds it. Exit code 3, and every later step not reached. */
const refused: readonly (readonly [name: string, changes: AzureScenarioChanges, step: string, status: string])[] = [
  [
    'a document of another version',
    { document: (good) => ({ ...good, version: 3 }) },
    'vtpm-document',
    'VTPM_DOCUMENT_UNSUPPORTED_FORMAT',
  ],
  [
    'a document without a version, of the form of later ones',
    { document: (good) => ({ ...good, version: undefined }) },
    'vtpm-document',
    'VTPM_DOCUMENT_UNSUPPORTED_FORMAT',
  ],
  ['an HCL report with another magic', { hcl: { magic: 'HCLB' } }, 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT'],
  ['an HCL report of another version', { hcl: { version: 3 } }, 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT'],
  [
    'runtime data that were changed',
    { runtimeText: (good) => good.replace('"secure-boot":true', '"secure-boot":1234') },
    'vtpm-binding',
    'VTPM_RUNTIME_DATA_MISMATCH',
  ],
  [
    'runtime data without an attestation key',
    { runtime: (good) => ({ ...good, keys: [] }) },
    'vtpm-runtime-data',
    'VTPM_RUNTIME_DATA_UNSUPPORTED_FORMAT',
  ],
  ['a quote with another magic', { attest: { magic: 1 } }, 'vtpm-quote-format', 'VTPM_QUOTE_UNSUPPORTED_FORMAT'],
  ['a quote by another key', { quoteKey: otherAzureKey() }, 'vtpm-quote-signature', 'VTPM_INVALID_QUOTE_SIGNATURE'],
  [
    'another value of a PCR',
    { pcrs: (good) => good.with(7, new Uint8Array(32)) },
    'vtpm-pcr-digest',
    'VTPM_PCR_MISMATCH',
  ],
];

for (const [name, changes, step, status] of refused) {
  test(`${name} is refused, on either hardware`, async () => {
    for (const hardware of ['snp', 'tdx'] as const) {
      const ran = await verify(machineOn(hardware, changes), ['--json']);
      assert.equal(ran.code, 3, ran.stdout);
      const answer = ran.json();
      assert.deepEqual([answer['step'], answer['status'], answer['verdict']], [step, status, undefined]);
      assert.equal(errorOf(ran).code, 'EVIDENCE_REFUSED');
      const at = stepsIn(ran).findIndex(({ id }) => id === step);
      const statuses = stepsIn(ran).map(({ status: each }) => each);
      assert.ok(at >= 0 && statuses[at] === 'failed');
      assert.ok(
        statuses.every((each, index) => each === (index < at ? 'passed' : index > at ? 'not reached' : 'failed')),
      );
    }
  });
}

test('a flipped nonce in the quote is refused by its signature; the hardware’s own refusals have their steps', async () => {
  const machine = machineOn('snp');
  const text = Buffer.from(machine.document).toString();
  const flipped = Uint8Array.from(machine.nonce, (byte, index) => (index === 3 ? byte ^ 1 : byte));
  const ran = await verify(machine, ['--json'], utf8(text.replace(toHex(machine.nonce), toHex(flipped))));
  assert.deepEqual([ran.code, ran.json()['step']], [3, 'vtpm-quote-signature']);
  const guest = await verify(machineOn('snp', { snp: { report: { vmpl: 2 } } }), ['--json']);
  assert.deepEqual([guest.code, guest.json()['status']], [3, 'VTPM_NOT_PARAVISOR']);
  const revoked = await verify(machineOn('snp', { snp: { crl: { revokes: ['ask'] } } }), ['--json']);
  assert.deepEqual([revoked.code, revoked.json()['step']], [3, 'snp-revocation']);
  const statuses = stepsIn(revoked).map(({ id, status }) => `${id} ${status}`);
  assert.ok(statuses.includes('vtpm-hcl-report passed') && statuses.includes('vtpm-hardware not reached'));
  const stranger = azureTdxScenario({
    document: (good) => ({
      ...good,
      td_quote: Buffer.from(azureTdxScenario({ runtime: () => ({}) }).tdx.quote).toString('base64url'),
    }),
  });
  const other = await verify({ ...machineOn('tdx'), document: stranger.document }, ['--json']);
  assert.deepEqual([other.code, other.json()['status']], [3, 'VTPM_HARDWARE_MISMATCH']);
});

test('documents of version 2, and those without a version, are verified and explained alike', async () => {
  for (const hardware of ['snp', 'tdx'] as const) {
    const machine = machineOn(hardware);
    const expected = (await verify(machine, ['--json'])).json()['verdict'];
    const old =
      hardware === 'snp'
        ? oldAzureDocument(azureSnpScenario(), { vcek: azureSnpScenario().snp.leaf })
        : oldAzureDocument(azureTdxScenario(), { tdQuote: azureTdxScenario().tdx.quote });
    const later = { ...(JSON.parse(new TextDecoder().decode(machine.document)) as object), version: 2 };
    for (const document of [old, utf8(JSON.stringify(later)), utf8(JSON.stringify({ evidence: later }))]) {
      const ran = await verify(
        machine,
        ['--json', '--policy', await policyOf(machine), '--nonce', toHex(machine.nonce)],
        document,
      );
      assert.equal(ran.code, 0, ran.stdout);
      assert.deepEqual(ran.json()['verdict'], expected);
    }
    const { stdout } = await enclos(['explain', put('old', old)], { cwd: folder });
    assert.match(
      stdout,
      /^Evidence of an Azure confidential VM\n[^]*version +none\n[^]*HCLAkPub[^]*PCR 23 +[0-9a-f]{64}\n/,
    );
    assert.doesNotMatch(stdout, /malformed/);
  }
});

test('a document that ends at any place is no evidence, or refused', async () => {
  const machine = machineOn('tdx');
  for (const size of [1, 12, 100, 1000, machine.document.length - 1]) {
    const ran = await verify(machine, ['--json'], machine.document.subarray(0, size));
    assert.equal(ran.code, 3, `${size} bytes`);
  }
});

describe('an HCL report alone', () => {
  test('of SEV-SNP says that only the hardware’s report in it was verified', async () => {
    const machine = machineOn('snp');
    const { leaf, ask, ark } = azureSnpScenario().snp;
    put('snp.json', JSON.stringify({ certificate_chain: pemChain([leaf, ask, ark]) }));
    const ran = await verify(machine, ['--json'], machine.hclReport);
    const { tee, onlyHardware } = ran.json();
    assert.deepEqual([ran.code, tee, onlyHardware], [0, 'sev-snp', true]);
    const { stdout } = await verify(machine, [], machine.hclReport);
    assert.match(
      stdout,
      /\n⚠ Only the hardware’s report inside the HCL report was verified\. What the machine booted is unknown/,
    );
    assert.match(stdout, /genuine report of some paravisor\./);
  });

  test('of TDX has nothing that anybody else can check', async () => {
    const machine = machineOn('tdx');
    const ran = await verify(machine, ['--json'], machine.hclReport);
    assert.equal(ran.code, 3);
    const words =
      /This is a report of Azure's paravisor \(HCL report\)(.*)\. Only its own machine can check the TDREPORT/;
    const [, inside] = words.exec(String(ran.json()['reason'])) ?? [];
    assert.equal(inside, '');
    assert.match(
      String(ran.json()['reason']),
      /What is missing is the TD quote, and the quote of the TPM with the PCRs/,
    );
    const base64 = Buffer.from(machine.hclReport).toString('base64');
    for (const [text, where] of [
      [base64, ', in base64'],
      [JSON.stringify(base64), ', in JSON text, base64'],
      [JSON.stringify({ report: base64 }), ', in member report, base64'],
    ] as const) {
      const wrapped = await verify(machine, ['--json'], utf8(text));
      assert.equal(wrapped.code, 3);
      assert.equal(words.exec(String(wrapped.json()['reason']))?.[1], where);
    }
  });

  test('that is refused says what it is and what is missing', async () => {
    const machine = machineOn('snp');
    const ran = await verify(machine, ['--json'], machine.hclReport);
    assert.deepEqual([ran.code, ran.json()['onlyHardware']], [3, true]);
    const { stdout } = await verify(machine, [], machine.hclReport);
    assert.match(
      stdout,
      /\n⚠ This is a report of Azure’s paravisor \(HCL report\), [^\n]* the quote of the TPM and the PCRs are missing/,
    );
  });

  test('and a quote of a TPM alone are told from a policy', async () => {
    const machine = machineOn('tdx');
    const { tpm_quote: quote } = JSON.parse(new TextDecoder().decode(machine.document)) as { tpm_quote: object };
    const ran = await verify(machine, ['--json'], utf8(JSON.stringify(quote)));
    assert.equal(ran.code, 3);
    assert.match(String(ran.json()['reason']), /^This is a quote of a TPM\. What is missing is the HCL report/);
    const { stdout } = await enclos(['explain', put('tpm', JSON.stringify(quote))], { cwd: folder });
    assert.match(stdout, /TPM quote +with its signature and the PCRs/);
  });
});

test('evidence in a certificate vouches for its key by the qualifying data of the quote', async () => {
  const claims = claimsAbout(serverKeyInfo);
  const machine = machineOn('snp', { nonce: asReportData(sha256(claims)) });
  const der = certificateWith([{ id: '2.23.133.5.4.9', value: taggedEvidence(machine.document, claims) }]);
  const policy = await policyOf(machine);
  const ran = await verify(machine, ['--policy', policy, '--json'], der);
  assert.equal(ran.code, 0, ran.stdout);
  const { binding, certificate } = ran.json() as { binding: { kind: string }; certificate: { keyBound: boolean } };
  assert.deepEqual([binding.kind, certificate.keyBound], ['certificate-key', true]);
  const other = machineOn('snp');
  const stolen = certificateWith([{ id: '2.23.133.5.4.9', value: taggedEvidence(other.document, claims) }]);
  const unbound = await verify(other, ['--json'], stolen);
  assert.deepEqual([unbound.code, unbound.json()['status']], [3, 'CERTIFICATE_KEY_NOT_BOUND']);
});

for (const hardware of ['snp', 'tdx'] as const) {
  test(`what the attester of @enclos/tee writes on ${hardware} is what the command verifies`, async () => {
    const machine = machineOn(hardware);
    const reportData = await boundReportData({ purpose: 'vault upload', nonce: new Uint8Array(16).fill(7) });
    const attester = await createAzureVtpmAttester({
      run: async (command, args) => {
        const output = (name: string): string => args[args.indexOf(name) + 1] ?? '';
        await Promise.resolve();
        if (command === 'tpm2_nvread') return writeFileSync(output('--output'), machine.hclReport);
        const nonce = fromHex(output('--qualification'));
        const { tpmQuote } = azureSnpScenario({ nonce });
        writeFileSync(output('--message'), tpmQuote.message);
        writeFileSync(output('--signature'), tpmQuote.signature);
        writeFileSync(output('--pcr'), concatBytes(...examplePcrs));
      },
      fetch: async () => {
        await Promise.resolve();
        const { leaf, ask, ark } = azureSnpScenario().snp;
        const quote = Buffer.from(azureTdxScenario().tdx.quote).toString('base64url');
        return Response.json({ vcekCert: pem(leaf), certificateChain: pemChain([ask, ark]), quote });
      },
    });
    const document = await attester.quote(reportData);
    const policy = await policyOf(machine);
    const binding = ['--purpose', 'vault upload', '--nonce', '07'.repeat(16)];
    const ran = await verify(machine, ['--policy', policy, ...binding, '--json'], document);
    assert.equal(ran.code, 0, ran.stdout);
    assert.equal(stepsIn(ran).at(-1)?.status, 'passed');
  });
}

describe('explained', () => {
  test('it is a tree of HCL report, runtime data, attestation key, TPM quote and PCRs', async () => {
    const { document } = machineOn('tdx');
    const { stdout } = await enclos(['explain', put('e', document)], { cwd: folder });
    for (const line of [
      /^Evidence of an Azure confidential VM\n/,
      /├─ HCL report\n/,
      /│ {2}├─ TDREPORT\n/,
      /├─ HCLAkPub .*The attestation key: it signs the quotes of the vTPM/,
      /├─ TPM quote\n│ {2}├─ TPMS_ATTEST\n/,
      /002c qualifying data +6120/,
      /selected +ffffff {2}PCR 0, 1, /,
      /├─ PCR 7 +(?:08){32}\n/,
      /└─ TD quote\n/,
    ]) {
      assert.match(stdout, line);
    }
    const json = (await enclos(['explain', 'e', '--json'], { cwd: folder })).json();
    assert.equal(json['kind'], 'azure-evidence');
  });

  test('an HCL report alone is explained to the configuration of the machine', async () => {
    const { stdout } = await enclos(['explain', put('h', machineOn('snp').hclReport)], { cwd: folder });
    assert.match(stdout, /^A report of Azure's paravisor \(HCL report\)\n/);
    assert.match(stdout, /SEV-SNP report\n[^]*HCLAkPub[^]*secure-boot +true/);
    assert.equal(stdout.match(/MEASUREMENT/g)?.length, 1);
  });

  test('what is cut off or strange says so', async () => {
    const wrong = { version: 0, tpm_quote: { message: toHex(encodeTpmAttest().subarray(0, 50)) }, hcl_report: 72 };
    const { stdout } = await enclos(['explain', put('w', JSON.stringify(wrong))], { cwd: folder });
    assert.match(stdout, /HCL report {2}it is not there as text: cut off, or malformed/);
    assert.match(stdout, /8 bytes wanted, \d+ are left/);
  });
});

vectors.test('the evidence of a real machine on SEV-SNP, as it is in the vectors', async () => {
  const at = 'azure-vtpm/attestation-rs/az_snp';
  put('real.json', JSON.stringify({ certificate_chain: new TextDecoder().decode(vectors.read(`${at}/vcek.pem`)) }));
  const given = ['--collateral', 'real.json', '--amd-root', '--at', '2025-06-01T00:00:00Z', '--json'];
  const run = (name: string): Promise<Ran> =>
    enclos(['verify', put('real', vectors.read(`${at}/${name}`)), ...given], { cwd: folder });
  const ran = await run('evidence-v1.json');
  assert.equal(ran.code, 0, ran.stdout);
  const { verdict } = ran.json() as { verdict: { tpm: { qualifyingData: string } } };
  assert.equal(Buffer.from(verdict.tpm.qualifyingData, 'hex').toString(), 'challenge');
  const alone = await run('hcl-report.bin');
  assert.deepEqual([alone.code, alone.json()['onlyHardware']], [0, true]);
  const init = await enclos(
    ['policy', 'init', put('real', vectors.read(`${at}/evidence-v1.json`)), '--product', 'Milan', '--json'],
    { cwd: folder },
  );
  const policy = { ...(init.json()['policy'] as object), allowConsole: true };
  const hardware = { ...(init.json()['policy'] as { hardware: object }).hardware, allowUncheckedRevocation: true };
  put('policy.json', JSON.stringify({ ...policy, hardware }));
  const nonce = ['--nonce', toHex(utf8('challenge'))];
  const appraised = await enclos(['verify', 'real', ...given, '--policy', 'policy.json', ...nonce], { cwd: folder });
  assert.equal(appraised.code, 0, appraised.stdout);
  const stale = await enclos(['verify', 'real', ...given, '--policy', 'policy.json', '--nonce', '00'], { cwd: folder });
  assert.deepEqual([stale.code, stale.json()['rule']], [4, 'binding']);
});

vectors.test('the evidence of a real machine on TDX, in the form without a version and in the later one', async () => {
  put('azure.json', vectors.read('dcap/vectors/azure-tdx-v4-module-outofdate/collateral.json'));
  const given = ['--collateral', 'azure.json', '--intel-root', '--at', '2025-06-19T09:35:34Z', '--json'];
  const [old, later] = await Promise.all(
    ['v0', 'v1'].map((version) => {
      const document = vectors.read(`azure-vtpm/trustee/az-tdx-vtpm/evidence-${version}.json`);
      return enclos(['verify', put(version, document), ...given], { cwd: folder });
    }),
  );
  assert.equal(old?.code, 0, old?.stdout);
  assert.equal(old?.json()['status'], 'OUT_OF_DATE');
  assert.deepEqual(old?.json()['verdict'], later?.json()['verdict']);
});
