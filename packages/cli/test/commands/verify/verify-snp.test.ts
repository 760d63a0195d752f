import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import {
  certificateTable,
  pem,
  pemChain,
  snpReportJson,
  snpScenario,
  type SnpScenarioChanges,
} from '@enclos/evidence-kit';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';
import { writeKit } from '../../kit-evidence.ts';

const folder = temporaryFolder();

interface Files {
  readonly collateral?: object;
  readonly root?: string;
}

/** A scenario of the kit in files, and `enclos verify` on it. */
async function verify(changes: SnpScenarioChanges, argv: readonly string[] = [], files: Files = {}): Promise<Ran> {
  const { report, leaf, ask, ark, crl, at } = snpScenario({ rsaBits: 4096, ...changes });
  writeFileSync(join(folder, 'report.bin'), report);
  const collateral = files.collateral ?? { certificate_chain: pemChain([leaf, ask, ark]), crl: toHex(crl) };
  writeFileSync(join(folder, 'report.json'), JSON.stringify(collateral));
  writeFileSync(join(folder, 'ark.pem'), files.root ?? pem(ark));
  const given = ['report.bin', '--collateral', 'report.json', '--root', 'ark.pem', '--at', at.toISOString()];
  return enclos(['verify', ...given, ...argv], { cwd: folder });
}

const json = ['--json'];

test('reports of every product and key are verified under a root that is named', async () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const signingKey of ['VCEK', 'VLEK'] as const) {
      const ran = await verify({ product, signingKey }, json);
      assert.equal(ran.code, 0, ran.stdout);
      const { status, tee, product: found, verdict, steps, appraised } = ran.json();
      assert.deepEqual([status, tee, found, appraised], ['GENUINE', 'sev-snp', product, false]);
      const { revocation, signingKey: key } = verdict as Record<string, Record<string, unknown>>;
      assert.deepEqual([revocation, key?.['kind']], ['checked', signingKey]);
      assert.ok((steps as readonly { status: string }[]).every(({ status: each }) => each === 'passed'));
    }
  }
});

test('people see the versions, and that nothing was appraised', async () => {
  const { stdout } = await verify({});
  assert.match(stdout, /\nThe report is genuine\. It says:\n {2}product +Milan\n {2}measurement +[0-9a-f]{96}\n/);
  assert.match(stdout, /\n {2}reported TCB +bootloader \d+, tee \d+, snp \d+, microcode \d+\n/);
  assert.match(stdout, /\n· AMD gives no status to versions of its firmware/);
  assert.match(stdout, /\n⚠ Nothing was appraised: this is a genuine report of some guest\./);
});

/** Each: what is wrong, and where it is found. */
const refused: readonly (readonly [name: string, changes: SnpScenarioChanges, files: Files, step: string])[] = [
  ['a revoked authority', { crl: { revokes: ['ask'] } }, {}, 'snp-revocation'],
  ['a list that cannot be read', {}, { collateral: { certificate_chain: '', crl: 'zz' } }, 'collateral'],
  ['no chain', {}, { collateral: {} }, 'collateral'],
];

for (const [name, changes, files, step] of refused) {
  test(`${name} is refused`, async () => {
    const ran = await verify(changes, json, files);
    assert.equal(ran.code, 3, ran.stdout);
    assert.equal(ran.json()['step'], step);
    assert.equal(typeof ran.json()['reason'], 'string');
  });
}

test('a damaged list does not pass for an absent one', async () => {
  const { leaf, ask, ark } = snpScenario({ rsaBits: 4096 });
  const ran = await verify({}, json, { collateral: { certificate_chain: pemChain([leaf, ask, ark]), crl: 'zz' } });
  assert.deepEqual([ran.code, ran.json()['status']], [3, 'SNP_CRL_UNSUPPORTED_FORMAT']);
});

test('AMD’s roots, by name or by default, do not vouch for it', async () => {
  await verify({});
  const given = ['verify', 'report.bin', '--collateral', 'report.json', '--json'];
  for (const roots of [[], ['--amd-root']]) {
    const byAmd = await enclos([...given, ...roots], { cwd: folder });
    assert.deepEqual([byAmd.code, byAmd.json()['step']], [3, 'snp-trusted-root']);
  }
  const none = await enclos([...given, '--intel-root'], { cwd: folder });
  assert.deepEqual([none.code, errorOf(none).code], [2, 'CLI_USAGE']);
});

test('a root of SEV-SNP is one certificate of a product', async () => {
  for (const root of ['text', pem(snpScenario({ rsaBits: 4096 }).leaf)]) {
    const ran = await verify({}, json, { root });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID']);
  }
});

test('a policy of another kind of evidence refuses by its kind', async () => {
  const quote = writeKit(folder, 'quote');
  writeFileSync(
    join(folder, 'quote.policy.json'),
    JSON.stringify({
      mrEnclave: ['ab'.repeat(32)],
      minimumSecurityVersion: 0,
      acceptedStatuses: ['OK'],
      intelRoot: true,
    }),
  );
  const ran = await verify({}, ['--policy', 'quote.policy.json', '--unbound', 'a test', '--json']);
  assert.deepEqual([ran.code, ran.json()['rule']], [4, 'tee']);
  const made = await enclos(['policy', 'init', 'report.bin', '--product', 'Milan', '--out', 'snp.policy.json'], {
    cwd: folder,
  });
  assert.equal(made.code, 0, made.stderr);
  const other = await quote.verify(['--policy', 'snp.policy.json', '--unbound', 'a test', '--json']);
  assert.deepEqual([other.code, other.json()['rule']], [4, 'tee']);
});

test('init of a report accepts its guest, and of a changed one nothing else', async () => {
  const { rootPublicKey } = snpScenario({ rsaBits: 4096 });
  const accept = async (made: SnpScenarioChanges, given: SnpScenarioChanges = made): Promise<unknown> => {
    await verify(made);
    const { stdout } = await enclos(['policy', 'init', 'report.bin', '--product', 'Milan'], { cwd: folder });
    // The roots of a draft are AMD's, which the kit cannot sign with.
    const roots = [createHash('sha256').update(Buffer.from(rootPublicKey, 'hex')).digest('hex')];
    writeFileSync(join(folder, 'drafted.json'), JSON.stringify({ ...(JSON.parse(stdout) as object), roots }));
    const ran = await verify(given, ['--policy', 'drafted.json', '--unbound', 'a test', ...json]);
    return ran.code === 0 ? 'accepted' : ran.json()['rule'];
  };
  const hostData = new Uint8Array(32);
  assert.equal(await accept({}), 'accepted');
  assert.equal(await accept({ version: 2 }), 'accepted');
  assert.equal(await accept({}, { report: { hostData } }), 'hostData');
  assert.equal(await accept({ report: { hostData } }), 'accepted');
  assert.equal(await accept({}, { report: { measurement: new Uint8Array(48) } }), 'measurements');
  assert.equal(await accept({}, { tcb: { snp: 21 } }), 'minimumTcb.Milan.snp');
  assert.equal(await accept({ report: { policy: 0xb001fn } }), 'allowDebug');
  const warned = await enclos(['policy', 'init', 'report.bin', '--product', 'Milan'], { cwd: folder });
  assert.match(warned.stderr, /⚠ The report is of a guest that its host can debug, which this policy refuses\./);
});

test('a policy for SEV-SNP is checked within its rules, and explained', async () => {
  await verify({});
  const init = await enclos(['policy', 'init', 'report.bin', '--product', 'Milan', '--json'], { cwd: folder });
  const policy = init.json()['policy'] as Record<string, object>;
  const write = (changes: object): void =>
    writeFileSync(join(folder, 'p.json'), JSON.stringify({ ...policy, ...changes }, undefined, 2));
  write({});
  const explained = await enclos(['policy', 'explain', 'p.json'], { cwd: folder });
  assert.match(explained.stdout, /On Milan, every version of the firmware .* must be at least: bootloader \d+/);
  assert.match(explained.stdout, /Evidence without a revocation list is refused\./);
  write({ minimumTcb: { Milan: { ...(policy['minimumTcb'] as Record<string, object>)['Milan'], snp: -1 } }, vmpl: 9 });
  const ran = await enclos(['policy', 'check', 'p.json', '--json'], { cwd: folder });
  assert.equal(ran.code, 2);
  const texts = (errorOf(ran).diagnostics ?? []).map(({ text }) => String(text));
  assert.equal(texts.length, 2);
  assert.ok(
    texts.some((text) => text.startsWith('minimumTcb.Milan.snp must be an integer')),
    texts.join(),
  );
});

/** What endorses the report of the files but for the certificate of its key. */
const withoutLeaf = {
  certificate_chain: pemChain([snpScenario({ rsaBits: 4096 }).ask, snpScenario({ rsaBits: 4096 }).ark]),
};

test('an extended report brings the certificate of its key', async () => {
  const { report, leaf, ask, ark } = snpScenario({ rsaBits: 4096 });
  const table = certificateTable([
    { guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: leaf },
    { guid: '4ab7b379-bbac-4fe4-a02f-05aef327c782', content: ask },
    { guid: 'c0b406a4-a803-4952-9743-3fb6014cd0ae', content: ark },
  ]);
  const missing = await verify({}, json, { collateral: withoutLeaf });
  assert.deepEqual([missing.code, missing.json()['step']], [3, 'collateral']);
  for (const bytes of [concatBytes(report, table), concatBytes(report, table, new Uint8Array(4096))]) {
    const ran = await verify({ reportBytes: () => bytes }, json, { collateral: withoutLeaf });
    assert.equal(ran.code, 0, ran.stdout);
    const { status, trailingBytes } = ran.json();
    assert.deepEqual([status, trailingBytes], ['GENUINE', 0]);
  }
  const { stdout } = await enclos(['explain', 'report.bin'], { cwd: folder });
  assert.match(stdout, /\n├─ certificate table, VCEK {2}Certificate [^\n]*CN=SEV-VCEK/);
  assert.match(stdout, /\n└─ certificate table, ARK {2}Certificate [^\n]*CN=ARK-Milan/);
});

test('what follows a report and is not a table is trailing bytes, and another certificate in a table is of no use', async () => {
  const { report } = snpScenario({ rsaBits: 4096 });
  const other = snpScenario({ rsaBits: 4096, product: 'Genoa' }).leaf;
  const broken = certificateTable([{ guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: other }]);
  const trailing = await verify({ reportBytes: () => concatBytes(report, broken.subarray(0, 40)) }, json);
  assert.deepEqual([trailing.code, trailing.json()['trailingBytes']], [0, 40]);
  const ran = await verify({ reportBytes: () => concatBytes(report, broken) }, json, { collateral: withoutLeaf });
  assert.deepEqual([ran.code, ran.json()['step']], [3, 'snp-leaf-certificate']);
});

test('a report that is spelt field by field is verified with the certificates beside it', async () => {
  const { report, leaf } = snpScenario({ rsaBits: 4096, product: 'Turin', version: 5 });
  const ask = snpScenario({ rsaBits: 4096, product: 'Turin' });
  const collateral = { certificate_chain: pemChain([ask.ask, ask.ark]) };
  const spelt = (change: object): Uint8Array => {
    const attestation_report = { ...snpReportJson(report), ...change };
    return utf8(JSON.stringify({ attestation_report, cert_chain: [{ cert_type: 'VCEK', data: [...leaf] }] }));
  };
  const changes = { product: 'Turin', version: 5 } as const;
  const good = await verify({ ...changes, reportBytes: () => spelt({}) }, json, { collateral });
  assert.equal(good.code, 0, good.stdout);
  assert.deepEqual([good.json()['status'], good.json()['foundIn']], ['GENUINE', ['member attestation_report']]);
  const forged = await verify({ ...changes, reportBytes: () => spelt({ guest_svn: 77 }) }, json, { collateral });
  assert.deepEqual([forged.code, forged.json()['step']], [3, 'snp-report-signature']);
});
