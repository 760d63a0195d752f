import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { strictPolicies } from '@enclos/claim-rules';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';

const folder = temporaryFolder();
const policy = (argv: readonly string[]): Promise<Ran> => enclos(['policy', ...argv], { cwd: folder });
const write = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
};

const text = `version=1.2;

authorizationrules
{
    [type=="debug", value!=false] => deny();
    [type=="debug", value==false, issuer=="AttestationService"] &&
    s:[type=="svn", value>=2] => permit();
};

issuancerules
{
    s:[type=="svn"] => issue(type="version", value=s.value);
    ![type=="signer"] => add(type="unsigned", value=true);
};
`;
const file = write('sgx.policy', text);
const good = write('good.json', { debug: false, svn: 3 });
const debug = write('debug.json', { debug: true, svn: 3 });

test('check knows claim rules by their text, whatever the file is called', async () => {
  for (const name of ['sgx.policy', write('rules.json', text), write('bom.txt', `\uFEFF// c\n${text}`)]) {
    const ran = await policy(['check', name]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /^✔ .* is a policy of claim rules, version 1\.2\.\n$/);
  }
  const { language, version, rules, warnings } = (await policy(['check', file, '--json'])).json();
  assert.deepEqual(
    { language, version, rules, warnings },
    { language: 'claim-rules', version: '1.2', rules: { authorizationrules: 2, issuancerules: 2 }, warnings: [] },
  );
});

test('check marks every mistake, and warns of what is probably not meant', async () => {
  const wrong = write(
    'wrong.policy',
    'version=1.1;\nauthorizationrules {\n  ![type=="a"] => permit();\n  => alow()\n};\n',
  );
  const ran = await policy(['check', wrong]);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /wrong\.policy:3:3\n/);
  assert.match(ran.stderr, /3 │ {3}!\[type=="a"\] => permit\(\);/);
  assert.match(ran.stderr, /There is no action "alow"/);
  const { code, diagnostics } = errorOf(await policy(['check', wrong, '--json']));
  assert.deepEqual([code, diagnostics?.length], ['CLAIM_RULES_INVALID', 2]);

  const odd = write('odd.policy', 'version=1.0; authorizationrules { => issue(type="a", value=1); => permit(); };');
  const warned = await policy(['check', odd]);
  assert.equal(warned.code, 0);
  assert.match(warned.stdout, /^warning No claim of authorizationrules reaches the token/);
});

test('explain says what a policy does, rule by rule', async () => {
  const ran = await policy(['explain', file]);
  assert.deepEqual(
    ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(2)),
    [
      'This is a policy in the claim-rule language of Azure Attestation, version 1.2.',
      'It denies when there is a claim "debug" whose value is not false.',
      'It permits when there is a claim "debug" of the service whose value is false, and a claim s "svn" whose value is at least 2.',
      'It refuses everything that it does not permit, and a deny overrides every permit.',
      'When it permits: It issues the claim "version" with the value s.value when there is a claim s "svn".',
      'When it permits: It notes the claim "unsigned" with the value true for later rules when there is no claim "signer".',
    ],
  );
  const never = write(
    'never.policy',
    'version=1.1; configurationrules { => issueproperty(type="p", value=1); }; authorizationrules {};',
  );
  const { sentences } = (await policy(['explain', never, '--json'])).json();
  assert.deepEqual(sentences, [
    'This is a policy in the claim-rule language of Azure Attestation, version 1.1.',
    'Before it sees evidence: It sets the property "p" with the value 1 for any claims.',
    'No rule permits, so it refuses everything.',
  ]);
});

test('test prints the decision and what is issued, and its exit code says whether it permits', async () => {
  const permitted = await policy(['test', file, '--claims', good]);
  assert.deepEqual([permitted.code, permitted.stdout], [0, '✔ permitted\n  outgoing\n    version = 3\n']);
  const denied = await policy(['test', file, '--claims', debug]);
  assert.deepEqual([denied.code, denied.stdout], [4, '✖ denied by line 5\n']);
  assert.match(
    denied.stderr,
    /CLAIM_RULES_REFUSED: The policy does not permit these claims: the rule in line 5 denies\./,
  );
  const silent = await policy(['test', file, '--claims', write('none.json', [])]);
  assert.deepEqual([silent.code, silent.stdout], [4, '✖ not permitted\n']);
});

for (const [claims, expect, code] of [
  [good, 'permit', 0],
  [good, 'deny', 4],
  [debug, 'permit', 4],
  [debug, 'deny', 0],
] as const) {
  test(`test --expect ${expect} of ${claims} ends with ${code}`, async () => {
    const ran = await policy(['test', file, '--claims', claims, '--expect', expect]);
    assert.equal(ran.code, code, ran.stderr);
    if (code !== 0) assert.match(ran.stderr, /CLI_POLICY_UNEXPECTED/);
  });
}

test('test --trace tells which rules fired, with what, and why others did not', async () => {
  const { stdout } = await policy(['test', file, '--claims', good, '--trace']);
  assert.equal(
    stdout,
    [
      '· 5: [type=="debug", value!=false] => deny()',
      '    did not fire: no combination of claims satisfies [type=="debug", value!=false]',
      '✔ 6: [type=="debug", value==false, issuer=="AttestationService"] && s:[type=="svn", value>=2] => permit()',
      '    with debug = false (AttestationService)',
      '    with svn = 3 (AttestationService)',
      '    permitted',
      '✔ 12: s:[type=="svn"] => issue(type="version", value=s.value)',
      '    with svn = 3 (AttestationService)',
      '    issued version = 3',
      '✔ 13: ![type=="signer"] => add(type="unsigned", value=true)',
      '    added unsigned = true',
      '✔ permitted',
      '  outgoing',
      '    version = 3',
      '',
    ].join('\n'),
  );
  const answer = (await policy(['test', file, '--claims', good, '--trace', '--json'])).json();
  assert.deepEqual(answer['outgoing'], [{ type: 'version', value: 3, issuer: 'AttestationPolicy' }]);
  assert.ok(Array.isArray(answer['trace']) && answer['trace'].length === 4);
  assert.equal((await policy(['test', file, '--claims', good, '--json'])).json()['trace'], undefined);
});

test('claims have issuers, lists make several, and objects are their JSON', async () => {
  const shown = write(
    'all.policy',
    'version=1.2; authorizationrules { => permit(); }; issuancerules { c:[issuer!="AttestationPolicy"] => issue(claim=c); };',
  );
  const outgoingOf = async (claims: unknown): Promise<unknown> =>
    (await policy(['test', shown, '--claims', write('claims.json', claims), '--json'])).json()['outgoing'];
  assert.deepEqual(await outgoingOf({ a: [1, 2], b: { c: 1.5 }, __proto__x: true }), [
    { type: 'a', value: 1, issuer: 'AttestationService' },
    { type: 'a', value: 2, issuer: 'AttestationService' },
    { type: 'b', value: '{"c":1.5}', issuer: 'AttestationService' },
    { type: '__proto__x', value: true, issuer: 'AttestationService' },
  ]);
  assert.deepEqual(
    await outgoingOf([
      { type: 'a', value: 'x' },
      { type: 'b', value: 1, issuer: 'AttestationService' },
    ]),
    [
      { type: 'a', value: 'x', issuer: 'CustomClaim' },
      { type: 'b', value: 1, issuer: 'AttestationService' },
    ],
  );
});

for (const [claims, message] of [
  [5, /claims are an object/],
  [[1], /a claim is an object/],
  [[{ type: 'a', valu: 1 }], /a claim has no valu/],
  [[{ value: 1 }], /type is text/],
  [[{ type: 'a' }], /a value is text/],
  [[{ type: 'a', value: 1, issuer: 'Me' }], /issuer is one of/],
  [{ a: 1.5 }, /a value is text, a whole number/],
  [{ a: null }, /a value is text/],
  ['{', /Expected a key in double quotes/],
] as const) {
  test(`${JSON.stringify(claims)} are no claims`, async () => {
    const ran = await policy(['test', file, '--claims', write('bad.json', claims)]);
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, message);
    assert.match(ran.stderr, /bad\.json:1:\d+/);
  });
}

test('a rule that cannot be carried out is marked, and is no refusal', async () => {
  const faulty = write(
    'faulty.policy',
    'version=1.2;\nauthorizationrules {\n  c:[type=="svn"] => add(type="x", value=NegateBool(c.value));\n};\n',
  );
  const ran = await policy(['test', faulty, '--claims', good, '--expect', 'deny']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /faulty\.policy:3:42\n.*\n +│ +\^{19}\n/);
  assert.equal(errorOf(await policy(['test', faulty, '--claims', good, '--json'])).code, 'CLAIM_RULES_EVALUATION');
});

test('format prints, checks and writes the one form', async () => {
  const loose = 'VERSION = 1.2 ; AuthorizationRules { => permit ( ) ; // yes\n} ;';
  const wanted = 'version=1.2;\n\nauthorizationrules\n{\n    => permit(); // yes\n};\n';
  const name = write('loose.policy', loose);
  assert.equal((await policy(['format', name])).stdout, wanted);
  const checked = await policy(['format', name, '--check']);
  assert.deepEqual([checked.code, checked.stdout], [2, '']);
  assert.match(checked.stderr, /CLI_POLICY_UNFORMATTED/);
  assert.equal(readFileSync(join(folder, name), 'utf8'), loose);
  const written = (await policy(['format', name, '--write', '--json'])).json();
  assert.deepEqual([written['changed'], written['written'], written['text']], [true, true, wanted]);
  assert.equal(readFileSync(join(folder, name), 'utf8'), wanted);
  assert.equal((await policy(['format', name, '--check'])).code, 0);
  assert.equal((await policy(['format', name, '--write', '--json'])).json()['written'], false);
  assert.equal((await policy(['format', name, '--write', '--check'])).code, 2);
  const marked = write('bom.policy', `\uFEFF${wanted}`);
  assert.equal((await policy(['format', marked, '--check'])).code, 2);
});

test('the strict policies are formatted, and explain what they want', async () => {
  for (const [type, policyText] of Object.entries(strictPolicies)) {
    const name = write(`${type}.policy`, policyText);
    assert.equal((await policy(['format', name, '--check'])).code, 0, type);
    assert.match((await policy(['explain', name])).stdout, /It permits when there is a claim /, type);
  }
});

const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jws = (payload: unknown, header: object = { alg: 'none' }): string =>
  `${base64url(header)}.${base64url(payload)}.${base64url('signature')}`;
const policyJws = `${base64url({ alg: 'none' })}.${base64url({ AttestationPolicy: base64url(text) })}.`;
const answer = jws({ iss: 'https://a.attest.azure.net', 'x-ms-policy': policyJws }, { alg: 'RS256' });

test('a policy is checked in its JWS and in what the service answers', async () => {
  for (const [content, where] of [
    [policyJws, 'a policy JWS'],
    [jws({ AttestationPolicy: base64url(text) }, { alg: 'RS256', x5c: [] }), 'a policy JWS'],
    // The preview of 2018.
    [jws(text), 'a policy JWS'],
    [answer, 'the answer of an attestation service'],
    [`${answer}\n`, 'the answer of an attestation service'],
    [JSON.stringify({ token: answer }), 'the answer of an attestation service'],
    [JSON.stringify(answer), 'the answer of an attestation service'],
  ] as const) {
    const name = write('answer', content);
    const ran = await policy(['check', name]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, new RegExp(`is ${where}, whose signature was not checked, with a policy of claim rules`));
    const { language, version, foundIn } = (await policy(['check', name, '--json'])).json();
    assert.deepEqual([language, version, foundIn], ['claim-rules', '1.2', where]);
    assert.deepEqual((await policy(['explain', name])).stdout, (await policy(['explain', file])).stdout);
    assert.equal((await policy(['test', name, '--claims', good])).code, 0);
    assert.equal((await policy(['format', name])).stdout, (await policy(['format', file])).stdout);
    const written = await policy(['format', name, '--write', '--json']);
    assert.deepEqual([written.code, errorOf(written).code], [2, 'CLI_FILE_INVALID']);
    assert.equal(readFileSync(join(folder, name), 'utf8'), content);
  }
});

test('mistakes in a policy of an answer are marked in its text', async () => {
  const wrong = `${base64url({ alg: 'none' })}.${base64url({ AttestationPolicy: base64url('version=1.2;\nrules') })}.`;
  const ran = await policy(['check', write('wrong.jws', wrong), '--json']);
  assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLAIM_RULES_SYNTAX']);
  assert.match((await policy(['check', 'wrong.jws'])).stderr, /2 │ rules/);
});

test('an answer without a policy says so', async () => {
  for (const content of [
    `${base64url({ alg: 'none' })}..`,
    jws({ iss: 'https://a.attest.azure.net', 'x-ms-policy': '' }),
    jws({ iss: 'https://a.attest.azure.net', 'x-ms-policy': `${base64url({ alg: 'none' })}..` }),
    jws({ iss: 'https://a.attest.azure.net', 'x-ms-policy': 7 }),
    jws({ iss: 'https://a.attest.azure.net' }),
    jws({ AttestationPolicy: base64url('{}') }),
    'a.gIA.c',
  ]) {
    const ran = await policy(['check', write('empty', content), '--json']);
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID'], content);
    assert.match(errorOf(ran).message, /holds no policy: the service applies its default/);
  }
});

test('an error says when an appraisal policy and claim rules are given in each other’s place', async () => {
  const appraisal = write('appraisal.json', { mrEnclave: ['00'.repeat(32)], acceptedStatuses: ['OK'] });
  for (const argv of [
    ['test', appraisal, '--claims', good],
    ['format', appraisal],
  ]) {
    const ran = await policy([...argv, '--json']);
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID']);
    assert.match(errorOf(ran).message, /is an appraisal policy for evidence \(JSON\), and not a policy of claim rules/);
  }
  const evidence = write('nothing.bin', 'nothing');
  const given = [evidence, '--collateral', write('collateral.json', {}), '--unbound', 'a test', '--amd-root'];
  for (const rules of [file, write('policy.jws', policyJws)]) {
    const ran = await enclos(['verify', ...given, '--policy', rules, '--json'], { cwd: folder });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID']);
    assert.match(errorOf(ran).message, /is a policy of claim rules, which a service applies to claims/);
  }
  const swapped = await enclos(['verify', evidence, '--collateral', appraisal, '--json'], { cwd: folder });
  assert.deepEqual([swapped.code, errorOf(swapped).code], [2, 'CLI_FILE_INVALID']);
  assert.match(errorOf(swapped).message, /is an appraisal policy, and not collateral/);
});
