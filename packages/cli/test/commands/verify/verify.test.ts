import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { boundReportData, verificationSteps, type StepResult } from '@enclos/attestation';
import { initPlatform, publishVendor } from '@enclos/cli-platform';
import { toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { mrSignerOfKey } from '../../../src/project/sealing/signer.ts';
import { policyExample } from '../../docs-page.ts';
import { enclos, errorOf, now, signingKey, temporaryFolder } from '../../cli.ts';
import { softwareQuote } from '../../software-quote.ts';

const folder = temporaryFolder();
const facts = await initPlatform({ stateFolder: join(folder, 'state'), now });
await publishVendor({
  stateFolder: join(folder, 'state'),
  collateralFile: join(folder, 'collateral.json'),
  rootFile: join(folder, 'root.pem'),
  now,
});
const fingerprint = facts.vendor?.rootFingerprint ?? '';
const nonce = new Uint8Array(randomBytes(16));
const key = Uint8Array.of(4, 1, 2, 3);
const reportData = await boundReportData({ purpose: 'test', nonce, key });

const quote = await softwareQuote(join(folder, 'state/machine'), reportData);
writeFileSync(join(folder, 'quote.bin'), quote);

const policy = { ...policyExample, mrSigner: [mrSignerOfKey(signingKey())], softwareRoots: [fingerprint] };
function writePolicy(changes: Readonly<Record<string, unknown>> = {}): string {
  const name = `policy-${randomBytes(4).toString('hex')}.json`;
  writeFileSync(join(folder, name), JSON.stringify({ ...policy, ...changes }));
  return name;
}

const verify = (argv: readonly string[], file = 'quote.bin') =>
  enclos(['verify', file, '--collateral', 'collateral.json', ...argv], { cwd: folder });
const trusted = ['--root', 'root.pem'];
const bound = ['--purpose', 'test', '--nonce', toHex(nonce), '--key', toHex(key)];

test('without a policy the verdict is shown, and that nothing was appraised', async () => {
  const ran = await verify(trusted);
  assert.equal(ran.code, 0, ran.stderr);
  const lines = ran.stdout.split('\n');
  assert.equal(lines[0], ` 1 ✔ ${verificationSteps[0].title}`);
  assert.equal(
    lines[verificationSteps.length - 1],
    `${verificationSteps.length} ✔ ${verificationSteps.at(-1)?.title ?? ''}`,
  );
  assert.match(ran.stdout, /\n {2}MRENCLAVE {9}[0-9a-f]{64}\n/);
  assert.match(ran.stdout, /\n {2}status {12}CONFIGURATION_NEEDED\n {2}advisories {8}ENCLOS-SA-00001\n/);
  assert.match(ran.stdout, /\n⚠ Nothing was appraised/);
});

vectors.test('a quote of a trust domain shows what it measured, and its TCB at launch and at present', async () => {
  const name = 'tdx-v5-td-relaunch-advised';
  writeFileSync(join(folder, 'td.bin'), vectors.read(`dcap/vectors/${name}/quote.bin`));
  writeFileSync(join(folder, 'td.json'), vectors.read(`dcap/vectors/${name}/collateral.json`));
  const given = ['verify', 'td.bin', '--collateral', 'td.json', '--intel-root', '--at', '2026-03-05T10:50:03Z'];
  const ran = await enclos(given, { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /\n {2}MRTD +[0-9a-f]{96}\n {2}RTMR0 +[0-9a-f]{96}\n/);
  assert.match(ran.stdout, /\n {2}TDX module +OUT_OF_DATE\n {2}at its launch +OUT_OF_DATE\n {2}at present +OK\n/);
  assert.match(ran.stdout, /\n {2}status +TD_RELAUNCH_ADVISED\n/);
  const { verdict } = (await enclos([...given, '--json'], { cwd: folder })).json();
  const { tee, quoteVersion, bodyType, status } = verdict as Record<string, unknown>;
  assert.deepEqual([tee, quoteVersion, bodyType, status], ['tdx', 5, 'td-1.5', 'TD_RELAUNCH_ADVISED']);
});

test('--json has the steps and the verdict, and says that nothing was appraised', async () => {
  const { steps, verdict, appraised } = (await verify([...trusted, '--json'])).json();
  assert.ok(Array.isArray(steps) && steps.every(({ status }: StepResult) => status === 'passed'));
  assert.equal(appraised, false);
  assert.equal((verdict as Record<string, unknown>)['reportData'], toHex(reportData));
});

test('a software root by its fingerprint', async () => {
  assert.equal((await verify(['--software-root', fingerprint.toUpperCase()])).code, 0);
  const other = await verify(['--software-root', 'ab'.repeat(32)]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /✖ CLI_ROOT_UNKNOWN: /);
  assert.equal(other.stdout, '', 'no step has run');
});

test('of a quote that cannot be read no step passed, whatever roots are named', async () => {
  writeFileSync(join(folder, 'garbage.bin'), randomBytes(500));
  const ran = await verify([...trusted, '--json'], 'garbage.bin');
  assert.equal(ran.code, 3);
  const steps = ran.json()['steps'] as readonly StepResult[];
  assert.deepEqual(
    steps.map(({ status }) => status),
    ['failed', ...Array.from({ length: verificationSteps.length - 1 }, () => 'not reached')],
  );
  assert.equal((await verify(['--software-root', 'ab'.repeat(32)], 'garbage.bin')).stdout, '');
});

test('a root that is not trusted is refused with exit code 3, at its step', async () => {
  const ran = await verify(['--intel-root', '--json']);
  assert.equal(ran.code, 3);
  const error = errorOf(ran);
  assert.deepEqual([error.code, error.details['step']], ['EVIDENCE_REFUSED', 'trusted-root']);
  const { steps } = ran.json();
  assert.ok(Array.isArray(steps));
  const statuses = steps.map(({ status }: StepResult) => status);
  assert.deepEqual(
    [statuses.indexOf('failed'), statuses.indexOf('not reached'), statuses.lastIndexOf('passed')],
    [5, 6, 4],
  );
});

test('a changed quote is refused with exit code 3', async () => {
  const changed = quote.slice();
  changed[48 + 64] = (changed[48 + 64] ?? 0) ^ 1;
  writeFileSync(join(folder, 'changed.bin'), changed);
  const ran = await verify(trusted, 'changed.bin');
  assert.equal(ran.code, 3);
  assert.match(ran.stdout, /✖ The quote is signed by the attestation key\n/);
  assert.match(ran.stderr, /✖ EVIDENCE_REFUSED: [^]*step: quote-signature[^]*next: /);
  writeFileSync(join(folder, 'short.bin'), quote.subarray(0, 100));
  assert.match((await verify(trusted, 'short.bin')).stdout, /^ 1 ✖ /);
});

test('with a policy and a binding the evidence is accepted', async () => {
  for (const [mark, binding] of [
    ['✔', bound],
    ['✔', ['--report-data', toHex(reportData)]],
    ['⚠', ['--unbound', 'a test']],
  ] as const) {
    const ran = await verify([...trusted, '--policy', writePolicy(), ...binding]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, new RegExp(`\\n${mark} The policy accepts it`));
  }
  const json = (await verify([...trusted, '--policy', writePolicy(), '--unbound', 'a test', '--json'])).json();
  assert.deepEqual([json['appraised'], json['binding']], [true, { kind: 'unbound', reason: 'a test' }]);
});

/** Each line: a change of the policy or the binding, and the rule that refuses. */
const refusals: readonly (readonly [
  rule: string,
  changes: Readonly<Record<string, unknown>>,
  binding?: readonly string[],
])[] = [
  ['mrSigner', { mrSigner: ['00'.repeat(32)] }],
  ['productId', { productId: 2 }],
  ['minimumSecurityVersion', { minimumSecurityVersion: 2 }],
  ['acceptedStatuses', { acceptedStatuses: ['OK'] }],
  ['acceptedAdvisoryIds', { acceptedAdvisoryIds: [] }],
  ['softwareRoots', { softwareRoots: ['00'.repeat(32)] }],
  ['timeFloor', { timeFloor: '2027-01-01T00:00:00Z' }],
  ['binding', {}, ['--report-data', '00'.repeat(64)]],
  ['binding', {}, ['--purpose', 'other', '--nonce', toHex(nonce), '--key', toHex(key)]],
];

for (const [rule, changes, binding = bound] of refusals) {
  test(`a policy refuses by ${rule} (${JSON.stringify(changes)}) with exit code 4`, async () => {
    const ran = await verify([...trusted, '--policy', writePolicy(changes), ...binding, '--json']);
    assert.equal(ran.code, 4);
    const error = errorOf(ran);
    assert.deepEqual([error.code, error.details['field']], ['APPRAISAL_REFUSED', rule]);
    assert.equal(ran.json()['appraised'], false);
  });
}

test('--at is the time of verification', async () => {
  const ran = await verify([...trusted, '--at', '2030-01-01']);
  assert.equal(ran.code, 5);
  assert.match(ran.stdout, /\n {2}collateral {8}expired: /);
});

test('files that cannot be used are usage errors; collateral that is malformed is evidence', async () => {
  const codeOf = async (argv: readonly string[]) => {
    const ran = await enclos([...argv, '--json'], { cwd: folder });
    return [ran.code, errorOf(ran).code];
  };
  assert.deepEqual(await codeOf(['verify', 'absent', '--collateral', 'collateral.json', ...trusted]), [
    2,
    'CLI_FILE_UNREADABLE',
  ]);
  assert.deepEqual(await codeOf(['verify', 'quote.bin', '--collateral', 'quote.bin', ...trusted]), [
    2,
    'CLI_FILE_INVALID',
  ]);
  assert.deepEqual(await codeOf(['verify', 'quote.bin', '--collateral', 'collateral.json', '--root', 'quote.bin']), [
    2,
    'CLI_FILE_INVALID',
  ]);
  writeFileSync(join(folder, 'empty.json'), '{}');
  assert.deepEqual(await codeOf(['verify', 'quote.bin', '--collateral', 'empty.json', ...trusted]), [
    3,
    'ENDORSEMENTS_INVALID',
  ]);
  writeFileSync(join(folder, 'list.json'), '[]');
  const listPolicy = [
    'verify',
    'quote.bin',
    '--collateral',
    'collateral.json',
    ...trusted,
    '--policy',
    'list.json',
    ...bound,
  ];
  assert.deepEqual(await codeOf(listPolicy), [2, 'CLI_POLICY_INVALID']);
});

for (const changes of [{ timeFloor: 'soon' }, { typo: 1 }, { acceptedStatuses: [] }]) {
  test(`a policy that is none (${JSON.stringify(changes)}) is a usage error, with the place`, async () => {
    const ran = await verify([...trusted, '--policy', writePolicy(changes), ...bound, '--json']);
    assert.equal(ran.code, 2);
    const error = errorOf(ran);
    assert.equal(error.code, 'CLI_POLICY_INVALID');
    assert.equal(error.diagnostics?.length, 1);
    assert.equal(typeof error.diagnostics?.[0]?.['line'], 'number');
  });
}

test('a policy for evidence in a file needs a binding', async () => {
  for (const given of [[], ['--unbound', 'why', '--nonce', '00'.repeat(16)]]) {
    const ran = await verify([...trusted, '--policy', writePolicy(), ...given]);
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /✖ CLI_USAGE: --policy needs one binding: /);
  }
});

test('without a root named, no software platform is trusted', async () => {
  const ran = await verify(['--json']);
  assert.equal(ran.code, 3);
  assert.deepEqual([ran.json()['step'], ran.json()['status']], ['trusted-root', 'SGX_PCK_CERT_CHAIN_UNTRUSTED']);
});

test("a quote of ours under Intel's root in the collateral is not taken for Intel's", async () => {
  const collateral = readFileSync(join(folder, 'collateral.json'), 'utf8');
  assert.ok(!collateral.includes('Intel SGX Root CA'));
  assert.equal((await verify(['--intel-root'])).code, 3);
});
