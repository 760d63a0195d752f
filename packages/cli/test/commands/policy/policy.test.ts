import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { softwareRoot } from '@enclos/attestation';
import { singleUserAdvisory } from '@enclos/software-sgx';
import { guestPolicyExample, policyExample } from '../../docs-page.ts';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';
import { writeKit } from '../../kit-evidence.ts';

const folder = temporaryFolder();
const policy = (argv: readonly string[]): Promise<Ran> => enclos(['policy', ...argv], { cwd: folder });
const write = (content: unknown): string => {
  writeFileSync(
    join(folder, 'policy.json'),
    typeof content === 'string' ? content : JSON.stringify(content, undefined, 2),
  );
  return 'policy.json';
};
const sgx = { mrEnclave: ['ab'.repeat(32)], minimumSecurityVersion: 1, acceptedStatuses: ['OK'], intelRoot: true };
const any = { rtmr0: 'any', rtmr1: 'any', rtmr2: 'any', rtmr3: 'any' };
const tdx = { tee: 'tdx', mrTd: ['cd'.repeat(48)], ...any, acceptedStatuses: ['OK'], intelRoot: true };

test('check accepts policies for every TEE', async () => {
  for (const [content, tee] of [
    [sgx, 'SGX'],
    [tdx, 'TDX'],
    [policyExample, 'SGX'],
    [guestPolicyExample, 'SEV-SNP'],
  ] as const) {
    const ran = await policy(['check', write(content)]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, new RegExp(`^✔ .*policy\\.json is a policy for ${tee}\\.\\n$`));
  }
  assert.equal((await policy(['check', write(tdx), '--json'])).json()['tee'], 'tdx');
  assert.equal((await policy(['check', write(guestPolicyExample), '--json'])).json()['tee'], 'sev-snp');
});

const { tee: _, ...guestWithoutTee } = guestPolicyExample;
const { tee: _tdx, ...domainWithoutTee } = tdx;

/** Each: a policy, and what is said of it, with its line. */
const problems: readonly (readonly [content: unknown, said: readonly (readonly [line: number, text: RegExp])[]])[] = [
  ['', [[1, /^The text ends too early\.$/]]],
  ['{"a": 1,}', [[1, /^Expected a key in double quotes\.$/]]],
  ['{"intelRoot": true, "intelRoot": false}', [[1, /^The key "intelRoot" is repeated\.$/]]],
  [[], [[1, /^a policy is a JSON object$/]]],
  [{ ...sgx, mrEnclave: ['ab'] }, [[2, /^mrEnclave must be a non-empty array of 32 bytes of hex$/]]],
  [{ ...sgx, acceptedStatuses: ['REVOKED'] }, [[6, /^acceptedStatuses must be /]]],
  [{ ...sgx, minimumSecurityVersion: -1 }, [[5, /^minimumSecurityVersion must be an integer/]]],
  [
    { ...sgx, mrSigner: ['ab'.repeat(32)] },
    [[1, /^productId is missing: wanted is an integer, because mrSigner is given$/]],
  ],
  [{ ...sgx, intelRoot: false }, [[1, /^softwareRoots is missing: /]]],
  [{ ...sgx, mrenclave: [] }, [[10, /^unknown rule "mrenclave"$/]]],
  [{ ...tdx, rtmr1: 'none' }, [[7, /^rtmr1 must be "any", or /]]],
  [guestWithoutTee, [[1, /^tee is missing: wanted is "sev-snp", because measurements is given$/]]],
  [domainWithoutTee, [[1, /^tee is missing: wanted is "tdx", because mrTd is given$/]]],
  [
    { ...guestPolicyExample, tee: 'snp', vmpl: 4 },
    [
      [2, /^tee must be "sgx", "tdx" or "sev-snp"$/],
      [7, /^vmpl must be an integer from 0 to 3$/],
    ],
  ],
  [{ ...guestPolicyExample, acceptedStatuses: ['OK'] }, [[24, /^unknown rule "acceptedStatuses"$/]]],
  [{ ...guestPolicyExample, signingKeys: ['VLEK'] }, [[1, /^cspIds is missing: wanted is present, because a VLEK/]]],
  [
    { tee: 'sev-snp', minimumGuestAbi: { major: 1 }, requiredProtections: ['debug'] },
    [
      [3, /^minimumGuestAbi\.minor is missing$/],
      [6, /^requiredProtections must be a non-empty array of memoryAes256Xts, /],
      ...[
        'measurements',
        'minimumGuestSvn',
        'vmpl',
        'roots',
        'signingKeys',
        'minimumTcb',
        'allowSmt',
        'allowMultipleSockets',
      ].map((name) => [1, new RegExp(`^${name} is missing$`)] as const),
    ],
  ],
  [
    { tee: 'tdx' },
    ['acceptedStatuses', 'intelRoot', 'mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'].map(
      (name) => [1, new RegExp(`^${name} is missing$`)] as const,
    ),
  ],
  [
    { typo: 1, allowDebug: 'yes', mrSigner: 'x' },
    [
      [2, /typo/],
      [3, /allowDebug/],
      [4, /mrSigner/],
      [1, /acceptedStatuses/],
      [1, /intelRoot/],
      [1, /minimumSecurityVersion/],
      [1, /mrEnclave is missing/],
    ],
  ],
];

for (const [content, said] of problems) {
  test(`check marks ${JSON.stringify(content)}`, async () => {
    const ran = await policy(['check', write(content), '--json']);
    assert.equal(ran.code, 2);
    const error = errorOf(ran);
    assert.equal(error.code, 'CLI_POLICY_INVALID');
    const found = (error.diagnostics ?? []) as readonly { readonly line: number; readonly text: string }[];
    assert.equal(found.length, said.length, JSON.stringify(found));
    for (const [line, text] of said) {
      assert.ok(
        found.some((each) => each.line === line && text.test(each.text)),
        `${line} ${text.source} in ${JSON.stringify(found)}`,
      );
    }
  });
}

test('check shows people the place, and the rule that was meant', async () => {
  const ran = await policy(['check', write({ ...sgx, acceptedStatus: ['OK'] })]);
  assert.match(
    ran.stderr,
    /^error unknown rule "acceptedStatus"[^]*\n {2}10 │ {3}"acceptedStatus": \[\n[^]*\^{16}\n {2}use: "acceptedStatuses" — did you mean that\?/,
  );
  assert.equal(ran.stdout, '');
});

test('explain says what is accepted, and what the defaults refuse', async () => {
  const day = 86_400_000;
  const full = {
    ...sgx,
    mrSigner: ['ef'.repeat(32)],
    productId: 3,
    acceptedStatuses: ['OK', 'SW_HARDENING_NEEDED'],
    acceptedAdvisoryIds: ['INTEL-SA-00615', { id: 'INTEL-SA-00334', until: '2027-01-01T00:00:00Z' }],
    refusedAdvisoryIds: ['INTEL-SA-00161'],
    softwareRoots: ['11'.repeat(32)],
    minimumTcbEvaluationDataNumber: 18,
    maximumCollateralAgeMs: { tcbInfo: 7 * day, default: 30 * day },
    expiredCollateralGraceMs: 3_600_000,
    timeFloor: '2026-01-01T00:00:00Z',
  };
  const { stdout } = await policy(['explain', write(full)]);
  for (const sentence of [
    `The enclave must be exactly measurement ${'ab'.repeat(32)} (MRENCLAVE).`,
    `It must be signed by signer ${'ef'.repeat(32)} (MRSIGNER).`,
    'It must be product 3 of that signer.',
    'Its security version must be 1 or higher.',
    'A debug enclave is refused.',
    "The platform must be hardware of Intel's; accepted are also software platforms under root",
    'Where it is not up to date, its advisories must all be among INTEL-SA-00615, INTEL-SA-00334 until 2027-01-01T00:00:00Z.',
    'Whatever the status is, these advisories refuse it: INTEL-SA-00161.',
    'TCB info and QE identity must be of evaluation 18 or later.',
    'Collateral may be expired for 1 hour.',
    'tcbInfo may be at most 7 days old.',
    'Other collateral may be at most 30 days old.',
    'A clock before 2026-01-01T00:00:00Z is wrong, and refused.',
  ]) {
    assert.ok(stdout.includes(sentence), sentence);
  }
  const domain = (await policy(['explain', write(tdx)])).stdout;
  assert.match(domain, /RTMR0 may have any value: what is measured into it is not checked\./);
  assert.match(domain, /No service TD may be bound to it\./);
  assert.match(domain, /Expired collateral is refused\./);
  const { sentences } = (await policy(['explain', write(tdx), '--json'])).json();
  assert.ok(Array.isArray(sentences) && sentences.length > 8);
});

test('explain says what is accepted of a guest, and what the defaults refuse', async () => {
  const hour = 3_600_000;
  const full = {
    ...guestPolicyExample,
    signingKeys: ['VCEK', 'VLEK'],
    cspIds: ['CN=provider.example'],
    chipIds: ['ab'.repeat(64)],
    minimumReportVersion: 3,
    minimumGuestAbi: { major: 1, minor: 55 },
    requiredProtections: ['ciphertextHiding', 'aliasCheckComplete'],
    hostData: ['cd'.repeat(32)],
    expiredCollateralGraceMs: { revocationList: hour, default: 2 * hour },
    maximumCollateralAgeMs: 48 * hour,
  };
  const { stdout } = await policy(['explain', write(full)]);
  for (const sentence of [
    'This is about guests of SEV-SNP.',
    'A VLEK must be of provider CN=provider.example.',
    `The key must be that of chip ${'ab'.repeat(64)}.`,
    'The report must be of version 3 or later.',
    'It must have demanded firmware ABI 1.55 or later.',
    'It must have demanded that the host cannot read its ciphertext.',
    'Its platform must have looked for memory with a second address (AMD-SB-3015).',
    `Its host data must be value ${'cd'.repeat(32)}.`,
    'revocationList may be expired for 1 hour.',
    'Other collateral may be expired for 2 hours.',
    'The revocation list may be at most 2 days old.',
  ]) {
    assert.ok(stdout.includes(`· ${sentence}\n`), sentence);
  }
  const strict = (await policy(['explain', write(guestPolicyExample)])).stdout;
  assert.match(strict, /Expired certificates and lists are refused\./);
  assert.match(strict, /A revocation list may be of any age within its dates/);
  assert.match(strict, /It must not share cores with other threads \(SMT\)\./);
  const none = (await policy(['explain', write({ ...tdx, maximumCollateralAgeMs: 0 })])).stdout;
  assert.match(none, /Collateral may be at most 0 milliseconds old\./);
});

test('init of a quote accepts that quote, and of a changed one nothing else', async () => {
  for (const kind of ['sgx-v3', 'sgx-v5', 'tdx-v4', 'tdx-v5-td15'] as const) {
    const { verify } = writeKit(folder, kind, { kind });
    for (const by of kind.startsWith('sgx') ? ['measurement', 'signer'] : ['measurement']) {
      const out = `${kind}-${by}.json`;
      const made = await policy(['init', `${kind}.bin`, '--by', by, '--out', out]);
      assert.equal(made.code, 0, made.stderr);
      assert.match(made.stderr, /⚠ The values are what the evidence claims, and it has not been verified/);
      assert.match(made.stderr, /⚠ A software platform in single-user mode/);
      assert.equal((await policy(['check', out])).code, 0);
      assert.equal((await verify(['--policy', out, '--unbound', 'a test'])).code, 0, out);
      const other = kind.startsWith('sgx') ? 'tdx-v4' : 'sgx-v3';
      const ran = await writeKit(folder, 'other', { kind: other }).verify(['--policy', out, '--unbound', 'a test']);
      assert.equal(ran.code, 4);
    }
  }
});

test('init names software, what it pins and what --single-user loosens, and loosens nothing unasked', async () => {
  writeKit(folder, 'software', {});
  const strictly = await policy(['init', '--from', 'software.bin', '--json']);
  const {
    policy: rules,
    accepts,
    notes,
  } = strictly.json() as {
    readonly policy: { readonly acceptedStatuses: readonly string[]; readonly softwareRoots: readonly [string] };
    readonly accepts: readonly string[];
    readonly notes: readonly string[];
  };
  assert.deepEqual(rules.acceptedStatuses, ['OK']);
  assert.ok(notes.some((note) => note.startsWith('This is SOFTWARE, not hardware: the owner of its machine can read')));
  assert.ok(notes.join().includes(rules.softwareRoots[0]));
  assert.match(
    accepts.join('\n'),
    /The enclave must be exactly measurement [0-9a-f]{64} \(MRENCLAVE\)\.[^]*A debug enclave is refused\./,
  );
  const loose = await policy(['init', 'software.bin', '--single-user', '--out', 'loose.json']);
  assert.match(loose.stderr, /⚠ The policy is loosened: it accepts a platform in single-user mode/);
  assert.match(loose.stderr, /· The enclave must be exactly measurement/);
  const written = JSON.parse(readFileSync(join(folder, 'loose.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [written['acceptedStatuses'], written['acceptedAdvisoryIds']],
    [['OK', 'CONFIGURATION_NEEDED'], [singleUserAdvisory]],
  );
});

test('init makes the same of a measurement and a root, by its certificate or its fingerprint', async () => {
  const { made: scene } = writeKit(folder, 'software', {});
  const measured = ['init', '--mrenclave', 'ab'.repeat(32), '--single-user'];
  const { fingerprint } = await softwareRoot(scene.root.certificate);
  const made = await policy([...measured, '--root', 'software.root.pem']);
  assert.match(made.stderr, /⚠ The policy is loosened: it accepts a platform in single-user mode/);
  assert.deepEqual(JSON.parse(made.stdout), {
    $schema: './node_modules/@enclos/attestation/schema/policy.schema.json',
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [fingerprint],
    mrEnclave: ['ab'.repeat(32)],
    minimumSecurityVersion: 0,
  });
  assert.equal((await policy([...measured, '--software-root', fingerprint])).stdout, made.stdout);
});

test('init warns of what its policy refuses', async () => {
  writeKit(folder, 'debug', { report: { attributes: { flags: 0x7n, xfrm: 3n } } });
  assert.match((await policy(['init', 'debug.bin'])).stderr, /debug enclave, which this policy refuses/);
});

test('init writes JSON to standard output, and never over a file', async () => {
  const printed = await policy(['init', '--mrenclave', 'AB'.repeat(32)]);
  assert.deepEqual(JSON.parse(printed.stdout), {
    $schema: './node_modules/@enclos/attestation/schema/policy.schema.json',
    acceptedStatuses: ['OK'],
    intelRoot: true,
    mrEnclave: ['ab'.repeat(32)],
    minimumSecurityVersion: 0,
  });
  const root = ['--software-root', '11'.repeat(32), '--out', 'once.json'];
  assert.equal((await policy(['init', '--mrenclave', 'ab'.repeat(32), ...root])).code, 0);
  const before = readFileSync(join(folder, 'once.json'), 'utf8');
  const again = await policy(['init', '--mrenclave', 'cd'.repeat(32), ...root, '--json']);
  assert.deepEqual([again.code, errorOf(again).code], [2, 'BUILD_FILE_EXISTS']);
  assert.equal(readFileSync(join(folder, 'once.json'), 'utf8'), before);
});

const usage: readonly (readonly [argv: readonly string[], code: number, message: RegExp])[] = [
  [['init'], 2, /^Give EVIDENCE, or --mrenclave HEX\.$/],
  [['init', 'sgx-v3.bin', '--mrenclave', 'ab'.repeat(32)], 2, /^EVIDENCE already says this/],
  [['init', 'sgx-v3.bin', '--from', 'sgx-v3.bin'], 2, /^Give either EVIDENCE or --from\.$/],
  [['init', 'sgx-v3.bin', '--root', 'root.pem'], 2, /^EVIDENCE already says this/],
  [['init', '--mrenclave', 'ab'.repeat(32), '--single-user'], 2, /^--single-user is for software platforms: name/],
  [
    ['init', '--mrenclave', 'ab'.repeat(32), '--root', 'a.pem', '--software-root', '11'.repeat(32)],
    2,
    /^Give either --software-root or --root\.$/,
  ],
  [['init', '--mrenclave', 'ab'.repeat(32), '--root', 'short.bin'], 2, /short\.bin is not one certificate/],
  [['init', '--from', '127.0.0.1:1'], 1, /^No TLS connection to 127\.0\.0\.1:1: /],
  [['init', '--mrenclave', 'ab'], 2, /^--mrenclave is 32 bytes in hex/],
  [
    ['init', 'policy.json'],
    3,
    /^This is an appraisal policy\. It is not evidence: give it to `enclos verify --policy`/,
  ],
  [['init', 'short.bin'], 3, /quote/i],
  [['check', 'absent'], 2, /^Cannot read /],
];

test('init and check say what they were not given', async () => {
  const { made } = writeKit(folder, 'sgx-v3', { kind: 'sgx-v3' });
  writeFileSync(join(folder, 'short.bin'), made.quote.subarray(0, 100));
  write(sgx);
  for (const [argv, code, message] of usage) {
    const ran = await policy([...argv, '--json']);
    assert.equal(ran.code, code, argv.join(' '));
    assert.match(errorOf(ran).message, message);
  }
});
