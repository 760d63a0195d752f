import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { pem, pemChain, snpScenario, type EvidenceKind } from '@enclos/evidence-kit';
import { folder, machineOn, policyIn, policyOf, put } from './azure-machine.ts';
import { enclos, type Ran } from '../../cli.ts';
import { writeKit } from '../../kit-evidence.ts';

type Run = (argv: readonly string[]) => Promise<Ran>;

/** `enclos verify` on good evidence of each kind; the time is for the caller to say. */
function runs(): Readonly<Record<string, Run>> {
  const quote = (kind: EvidenceKind): Run => {
    const name = `dated-${kind}`;
    const { options } = writeKit(folder, name, { kind });
    return (argv) => enclos(['verify', `${name}.bin`, ...options.slice(0, 4), ...argv], { cwd: folder });
  };
  const machine = (hardware: 'snp' | 'tdx'): Run => {
    const { document, options } = machineOn(hardware);
    const file = put(`dated-${hardware}`, document);
    return (argv) => enclos(['verify', file, ...options.slice(0, 4), ...argv], { cwd: folder });
  };
  const report = (): Run => {
    const { report: bytes, leaf, ask, ark, crl } = snpScenario({ rsaBits: 4096 });
    put('dated.report', bytes);
    put('dated.chain.json', JSON.stringify({ certificate_chain: pemChain([leaf, ask, ark]), crl: toHex(crl) }));
    put('dated.ark.pem', pem(ark));
    const given = ['dated.report', '--collateral', 'dated.chain.json', '--root', 'dated.ark.pem'];
    return (argv) => enclos(['verify', ...given, ...argv], { cwd: folder });
  };
  return {
    SGX: quote('sgx-v3'),
    TDX: quote('tdx-v5-td15'),
    SNP: report(),
    'vTPM on SNP': machine('snp'),
    'vTPM on TDX': machine('tdx'),
  };
}

interface ValidityJson {
  readonly at: string;
  readonly inForce: boolean;
  readonly outOfForce: readonly { readonly part: string; readonly state: string; readonly from: string }[];
}

const validityIn = (ran: Ran): ValidityJson => ran.json()['validity'] as ValidityJson;

for (const [time, state, words] of [
  ['2020-01-01', 'not-yet-valid', 'had not begun'],
  ['2045-01-01', 'expired', 'had ended'],
] as const) {
  test(`evidence of every kind, verified at ${time}: a warning first, no check mark, and exit code 5`, async () => {
    for (const [kind, run] of Object.entries(runs())) {
      const { code, stdout } = await run(['--at', time]);
      assert.equal(code, 5, `${kind}: ${stdout}`);
      assert.match(stdout, new RegExp(`^⚠ Collateral was not in force at ${time}T00:00:00Z, the time of verification`));
      assert.match(stdout, new RegExp(`\\n⚠ {3}rootC\\w+ ${words}: it is valid from 20`));
      assert.match(stdout, /\n(?:21|22|12|11|10|\d+) ⚠ The dates of /, kind);
      assert.match(stdout, /is genuine, by collateral that was not in force\. It says:/, kind);
      assert.doesNotMatch(stdout, /✔|is genuine\. It says|good until/, kind);
      assert.doesNotMatch(stdout, /-\d+ days? before/, kind);
      const json = await run(['--at', time, '--json']);
      assert.equal(json.code, 5, kind);
      const { at, inForce, outOfForce } = validityIn(json);
      assert.deepEqual([at, inForce], [`${time}T00:00:00Z`, false], kind);
      assert.ok(outOfForce.length >= 3 && outOfForce.every((part) => part.state === state), kind);
    }
  });
}

test('collateral that was issued after the time of verification is said to be, and not so many negative days before', async () => {
  const run = runs()['SGX'];
  assert.ok(run);
  const { stdout } = await run(['--at', '2020-01-01']);
  assert.match(stdout, /\n {2}PCK CRL +issued [0-9T:Z-]+, after the time of verification\n/);
});

test('--at takes a day or a time with its zone, of the calendar, and refuses the rest', async () => {
  const first = runs()['SGX'];
  assert.ok(first);
  for (const time of ['2026-01-15', '2026-01-15T12:00Z', '2026-01-15T12:00:00.5+02:00']) {
    assert.equal((await first(['--at', time])).code, 0, time);
  }
  for (const time of [
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2026-01-15T12:00:00',
    '2026-01-15 12:00',
    '2026-01-15T25:00Z',
    '2026-01-15 (noon)',
    '2026-01',
    '',
  ]) {
    const { code, stderr } = await first(['--at', time]);
    assert.deepEqual([code, stderr.includes('--at is a time such as')], [2, true], time);
  }
});

test('within the dates nothing is said about them, and the exit code is 0', async () => {
  for (const [kind, run] of Object.entries(runs())) {
    const given = ['--at', '2026-01-15'];
    const { code, stdout } = await run(given);
    assert.equal(code, 0, `${kind}: ${stdout}`);
    assert.match(stdout, /^ 1 ✔ /, kind);
    assert.match(stdout, / {2}collateral +good until 20/, kind);
    const json = await run([...given, '--json']);
    assert.deepEqual(validityIn(json), { at: '2026-01-15T00:00:00Z', inForce: true, outOfForce: [] }, kind);
  }
});

test('one list that has expired is enough', async () => {
  const { verify } = writeKit(folder, 'one-list', { pckCrl: { nextUpdate: new Date('2026-01-14T00:00:00Z') } });
  const ran = await verify(['--json']);
  assert.equal(ran.code, 5);
  assert.deepEqual(
    validityIn(ran).outOfForce.map(({ part, state }) => [part, state]),
    [['pckCrl', 'expired']],
  );
});

test('a policy that allows it decides: the warning stays, and the result is the policy’s', async () => {
  const { verify, options } = writeKit(folder, 'graced');
  await enclos(['policy', 'init', 'graced.bin', '--out', 'graced.policy.json'], { cwd: folder });
  const strict = JSON.parse(readFileSync(join(folder, 'graced.policy.json'), 'utf8')) as object;
  const root = ((await verify(['--json'])).json()['verdict'] as { root: { fingerprint: string } }).root.fingerprint;
  const appraise = (rules: object): Promise<Ran> => {
    put('graced.rules.json', JSON.stringify({ ...strict, intelRoot: false, softwareRoots: [root], ...rules }));
    const given = [
      ...options.slice(0, 4),
      '--at',
      '2026-02-03',
      '--policy',
      'graced.rules.json',
      '--unbound',
      'a test',
    ];
    return enclos(['verify', 'graced.bin', ...given], { cwd: folder });
  };
  const refused = await appraise({});
  assert.deepEqual([refused.code, /✔/.test(refused.stdout)], [4, false]);
  const graced = await appraise({ expiredCollateralGraceMs: 7 * 86_400_000 });
  assert.equal(graced.code, 0, graced.stdout + graced.stderr);
  assert.match(graced.stdout, /^⚠ Collateral was not in force at 2026-02-03T00:00:00Z.* The policy allows that\.\n/);
  assert.match(graced.stdout, /\n22 ⚠ The dates of all collateral/);
  assert.match(graced.stdout, /\n⚠ The platform is up to date\.\n/);
});

test('so it is with a policy for a whole Azure VM', async () => {
  const machine = machineOn('snp');
  const policy = await policyOf(machine);
  const run = (file: string): Promise<Ran> =>
    enclos(
      ['verify', put('graced.vm', machine.document), ...machine.options.slice(0, 4), '--at', '2035-06-01'].concat([
        '--policy',
        file,
        '--nonce',
        toHex(machine.nonce),
        '--json',
      ]),
      { cwd: folder },
    );
  const strict = await run(policy);
  assert.deepEqual([strict.code, strict.json()['rule']], [4, 'hardware.expiredCollateralGraceMs']);
  const { hardware } = policyIn(policy);
  const century = 100 * 365 * 86_400_000;
  put(
    'graced.vm.json',
    JSON.stringify({ ...policyIn(policy), hardware: { ...hardware, expiredCollateralGraceMs: century } }),
  );
  const graced = await run('graced.vm.json');
  assert.deepEqual([graced.code, validityIn(graced).inForce, graced.json()['appraised']], [0, false, true]);
});

test('a check mark is not given to what is debuggable, on a software root or bound to nothing', async () => {
  const debug = writeKit(folder, 'debug-enclave', { report: { attributes: { flags: 7n, xfrm: 3n } } });
  const shown = (await debug.verify()).stdout;
  assert.match(shown, /\n⚠ The platform is up to date\.\n/);
  assert.match(shown, /\n⚠ A debugger can read its memory: it keeps no secrets\.\n/);
  assert.match(shown, /\n⚠ It is a software platform: the owner of the machine can read what is inside\.\n/);
  const { verify } = writeKit(folder, 'free');
  await enclos(['policy', 'init', 'free.bin', '--out', 'free.policy.json'], { cwd: folder });
  const drafted = JSON.parse(readFileSync(join(folder, 'free.policy.json'), 'utf8')) as object;
  const root = ((await verify(['--json'])).json()['verdict'] as { root: { fingerprint: string } }).root.fingerprint;
  put('free.rules.json', JSON.stringify({ ...drafted, intelRoot: false, softwareRoots: [root] }));
  const free = await verify(['--policy', 'free.rules.json', '--unbound', 'a test']);
  assert.equal(free.code, 0, free.stderr);
  assert.match(free.stdout, /\n⚠ The policy accepts it, but by your choice nothing ties it to this use: a test\n$/);
});

test('explain marks dates that are not met, of certificates and of collateral', async () => {
  const { made } = writeKit(folder, 'explained');
  put('explained.pem', made.root.certificate);
  const at = (file: string, time: string): Promise<Ran> =>
    enclos(['explain', file], { cwd: folder, now: () => new Date(time) });
  for (const file of ['explained.pem', 'explained.json']) {
    assert.match((await at(file, '2015-01-01T00:00:00Z')).stdout, /valid from .*not yet: this has not begun\n/, file);
    assert.match((await at(file, '2055-01-01T00:00:00Z')).stdout, /valid to .*expired\n/, file);
    assert.doesNotMatch((await at(file, '2026-01-15T00:00:00Z')).stdout, /not yet|expired/, file);
  }
});
