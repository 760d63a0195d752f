import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { selfSignedSigningCertificate } from '@enclos/codec/x509';
import { defaultPolicies, strictPolicies } from '@enclos/claim-rules';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { attest } from '../../src/attest/attest.ts';
import { toldOf } from '../errors.ts';
import { unsignedPolicyJws } from '../../src/policies/stored-policy.ts';
import { isReserved } from '../../src/attest/claims/reserved-claims.ts';
import { asJson, claimsOf, hashOf, json, refusalOf, softwareSite, type SoftwareSite } from './scene.ts';

const hash = (text: string): string =>
  createHash('sha256').update(Buffer.from(text).toString('base64url')).digest('base64url');
const permitting = (issuance: string): string =>
  `version=1.0; authorizationrules{ => permit(); }; issuancerules{ ${issuance} };`;

function withPolicy(text: string): Promise<SoftwareSite> {
  return softwareSite({}, { policies: { SgxEnclave: text } });
}

test('renames of the default policy, and what a policy makes up under names of its own', async () => {
  const where = await withPolicy(defaultPolicies.SgxEnclave);
  const renamed = await claimsOf(where.request, where);
  for (const [former, name] of [
    ['is-debuggable', 'x-ms-sgx-is-debuggable'],
    ['sgx-mrsigner', 'x-ms-sgx-mrsigner'],
    ['sgx-mrenclave', 'x-ms-sgx-mrenclave'],
    ['product-id', 'x-ms-sgx-product-id'],
    ['svn', 'x-ms-sgx-svn'],
    ['tee', 'x-ms-attestation-type'],
  ] as const) {
    assert.ok(renamed[name] !== undefined);
    assert.equal(renamed[former], renamed[name]);
  }
  const own = await withPolicy(
    permitting(`=> issue(type="sub", value="me"); => issue(type="aud", value="api");
      => issue(type="level", value=100); => issue(type="level", value=200); => issue(type="level", value=100);
      => issue(type="__proto__", value="x"); => issue(type="fine", value=true);`),
  );
  const claims = await claimsOf(own.request, own);
  assert.deepEqual(
    [
      claims['sub'],
      claims['aud'],
      claims['level'],
      claims['fine'],
      Object.entries(claims).find(([name]) => name === '__proto__'),
    ],
    ['me', 'api', [100, 200], true, ['__proto__', 'x']],
  );
});

test('each name of the service is refused to a policy, whether the token has it or not', async () => {
  for (const name of [
    'iss',
    'exp',
    'nbf',
    'iat',
    'jti',
    'cnf',
    'nonce',
    'eat_nonce',
    'eat_profile',
    'dbgstat',
    'intuse',
    'attester_tcb_status',
    'ver',
    'tee',
    'rp_data',
    'policy_hash',
    'policy_signer',
    'maa-policyHash',
    'maa-ehd',
    'aas-ehd',
    'maa-attestationcollateral',
    'tdx_mrtd',
    'tdx_anything',
    '$is-debuggable',
    'x-ms-ver',
    'x-ms-policy-hash',
    'x-ms-policy',
    'x-ms-runtime',
    'x-ms-inittime',
    'x-ms-sgx-mrsigner',
    'x-ms-sevsnpvm-launchmeasurement',
    'x-ms-compliance-status',
    'x-ms-new',
    'X-MS-RUNTIME',
    'x-enclos-state',
    'x-enclos-configuration',
    'x-enclos-tcb',
    'x-enclos-draft',
    'x-enclos-test-settings',
    'x-enclos-platform',
  ]) {
    assert.ok(isReserved(name), name);
    const where = await withPolicy(permitting(`=> issue(type="${name}", value="made up");`));
    assert.equal(await refusalOf(where.request, where), '400 PolicyEvaluationError reserved-claim', name);
  }
  for (const name of ['sub', 'aud', 'is-debuggable', 'sgx-mrenclave', 'svn', 'NotDebuggable', 'xms', 'issuer']) {
    assert.ok(!isReserved(name), name);
  }
});

test('a claim of the service may be issued as it is, and in no other way', async () => {
  const runtime = json({ b: 1, a: '2' });
  const same = permitting(`c:[type=="x-ms-sgx-mrsigner"] => issue(claim=c); c:[type=="x-ms-runtime"] => issue(claim=c);
    c:[type=="$maa-attestationcollateral"] => issue(type="maa-attestationcollateral", value=c.value);
    c:[type=="x-ms-sgx-collateral"] => issue(claim=c); c:[type=="$tee"] => issue(type="tee", value=c.value); => issue(type="x-enclos-platform", value="software");`);
  const where = await softwareSite({ report: { reportData: hashOf(runtime) } }, { policies: { SgxEnclave: same } });
  const claims = await claimsOf({ ...where.request, runtimeData: asJson(runtime) }, where);
  assert.equal(claims['x-ms-sgx-mrsigner'], '51'.repeat(32));
  assert.deepEqual(claims['x-ms-runtime'], { a: '2', b: 1 });
  const other = await withPolicy(
    permitting('c:[type=="x-ms-sgx-mrenclave"] => issue(type="x-ms-sgx-mrsigner", value=c.value);'),
  );
  assert.equal(await refusalOf(other.request, other), '400 PolicyEvaluationError reserved-claim');
});

test('former names of claims are there for policies', async () => {
  const where = await withPolicy(
    `version=1.0; authorizationrules{ [type=="$is-debuggable", value==false] && [type=="$tee", value=="sgx"] &&
      [type=="$product-id", value==7] && [type=="$svn", value==4] && [type=="$sgx-mrsigner"] && [type=="$sgx-mrenclave"] &&
      [type=="$maa-attestationcollateral", issuer=="AttestationService"] => permit(); };`,
  );
  await claimsOf(where.request, where);
});

test('a deny, and nothing that permits, are the documented errors; with explanations they say where', async () => {
  const denied = await withPolicy(
    'version=1.0;\nauthorizationrules{\n [type=="x-ms-sgx-svn", value>=1] => deny();\n => permit(); };',
  );
  const error = toldOf(await attest(denied.request, denied.context).catch((reason: unknown) => reason));
  assert.deepEqual(
    [error.status, error.code, error.message, error.details],
    [
      400,
      'PolicyEvaluationError',
      'Policy evaluation failed. A Deny claim was issued, authorization failed.',
      { rule: 'denied', policyRule: { line: 3, column: 38 } },
    ],
  );
  const nothing = await withPolicy(
    'version=1.0;\nauthorizationrules{\n [type=="x-ms-sgx-svn"] && [type=="x-ms-sgx-product-id", value==8] => permit(); };',
  );
  const other = toldOf(await attest(nothing.request, nothing.context).catch((reason: unknown) => reason));
  assert.deepEqual(
    [other.message, other.details],
    [
      'Policy evaluation failed. No Permit claim was issued, authorization failed.',
      { rule: 'not-permitted', policyRules: [{ line: 3, column: 2, failedCondition: { line: 3, column: 28 } }] },
    ],
  );
});

test('properties change the token: its validity and its header', async () => {
  const where = await withPolicy(
    permitting(
      '=> issueproperty(type="report_validity_in_minutes", value=30); => issueproperty(type="omit_x5c", value=true);',
    ),
  );
  const { token } = await attest(where.request, where.context);
  const { iat = 0, exp = 0 } = decodeJwt(token);
  assert.equal(exp - iat, 30 * 60 + 120);
  assert.equal(typeof decodeProtectedHeader(token).x5t, 'string');
  const shown = await withPolicy(permitting('=> issueproperty(type="omit_x5c", value=false);'));
  const { token: whole } = await attest(shown.request, shown.context);
  assert.deepEqual(decodeProtectedHeader(whole).x5c, shown.keys[0]?.x5c);
  for (const property of [
    'type="report_validity_in_minutes", value=0',
    'type="report_validity_in_minutes", value="60"',
    'type="omit_x5c", value="yes"',
  ]) {
    const wrong = await withPolicy(permitting(`=> issueproperty(${property});`));
    assert.match(await refusalOf(wrong.request, wrong), /^400 PolicyEvaluationError /, property);
  }
});

test('a draft policy gives a token that nobody signed, which says so, and changes nothing', async () => {
  const where = await withPolicy('version=1.0; authorizationrules{ => deny(); };');
  const draft = permitting('=> issue(type="x", value="y");');
  const { token, policyHash } = await attest({ ...where.request, draftPolicy: draft, nonce: 'n' }, where.context);
  const [header = '', , signature] = token.split('.');
  assert.deepEqual([Buffer.from(header, 'base64url').toString(), signature], ['{"alg":"none","typ":"JWT"}', '']);
  const claims = decodeJwt(token);
  assert.equal(claims['x-ms-policy'], unsignedPolicyJws(draft));
  assert.deepEqual(
    [claims['x-enclos-draft'], claims['x'], claims['nonce'], claims.iss],
    [true, 'y', 'n', 'https://tenant.test:8443'],
  );
  assert.deepEqual([claims['x-ms-policy-hash'], policyHash], [hash(draft), hash(draft)]);
  assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 480 * 60 + 120);
  assert.equal(await refusalOf(where.request, where), '400 PolicyEvaluationError denied');
  assert.equal(
    await refusalOf({ ...where.request, draftPolicy: 'version=' }, where),
    '400 PolicyParsingError draft-policy',
  );
  const long = `${draft} // ${' '.repeat(65_536)}`;
  assert.equal(await refusalOf({ ...where.request, draftPolicy: long }, where), '400 PolicyParsingError draft-policy');
  const denying = { ...where.request, draftPolicy: 'version=1.0; authorizationrules{ => deny(); };' };
  assert.equal(await refusalOf(denying, where), '400 PolicyEvaluationError denied');
});

test('x-ms-policy-hash is over the policy that judged: the strict default, or the one that was set, with its signer', async () => {
  const fresh = await softwareSite();
  const claims = await claimsOf(fresh.request, fresh);
  assert.deepEqual(
    [claims['x-ms-policy-hash'], claims['policy_hash'], claims['maa-policyHash']],
    [hash(strictPolicies.SgxEnclave), hash(strictPolicies.SgxEnclave), hash(strictPolicies.SgxEnclave)],
  );
  assert.equal('x-ms-policy-signer' in claims, false);
  const text = permitting('');
  const { jws, certificate } = signedPolicy(text);
  const where = await softwareSite({}, { stored: { SgxEnclave: jws } });
  const signed = await claimsOf(where.request, where);
  const signer = { kty: 'EC', x5c: [certificate] };
  assert.deepEqual(
    [signed['x-ms-policy-hash'], signed['x-ms-policy-signer'], signed['policy_signer']],
    [hash(text), signer, signer],
  );
});

test('a stored policy that cannot be read any more is refused, and permits nothing', async () => {
  for (const jws of [unsignedPolicyJws('version=9.9; authorizationrules{ => permit(); };'), 'a.b', '']) {
    const where = await softwareSite({}, { stored: { SgxEnclave: jws } });
    assert.equal(await refusalOf(where.request, where), '400 PolicyParsingError stored-policy');
  }
});

function signedPolicy(text: string): { readonly jws: string; readonly certificate: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSignedSigningCertificate({
    commonName: 'policy signer',
    uri: 'https://tenant.test',
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validUntil: new Date('2027-01-01T00:00:00Z'),
    serialNumber: new Uint8Array(16),
    publicKey: new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })),
    algorithm: 'ecdsa-sha256',
    sign: (bytes) => new Uint8Array(sign('sha256', bytes, pair.privateKey)),
  });
  const certificate = Buffer.from(der).toString('base64');
  const header = toBase64url(json({ alg: 'ES256', x5c: [certificate] }));
  const payload = toBase64url(json({ AttestationPolicy: toBase64url(utf8(text)) }));
  const input = `${header}.${payload}`;
  const signature = sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return { jws: `${input}.${toBase64url(new Uint8Array(signature))}`, certificate };
}

test('a policy that works for too long ends as a refusal', async () => {
  const rules = Array.from({ length: 12 }, (_, index) => `c${index}:[type=="n"]`).join(' && ');
  const adds = Array.from({ length: 20 }, (_, index) => `=> add(type="n", value=${index});`).join(' ');
  const where = await withPolicy(`version=1.0; authorizationrules{ ${adds} ${rules} => deny(); => permit(); };`);
  assert.match(await refusalOf(where.request, where), /^400 PolicyEvaluationError /);
});

test('a trace is made for what is refused: a policy of the tenant is evaluated again for it, a draft is evaluated once', async () => {
  const refusing = 'version=1.0; authorizationrules{ [type=="nothing"] => permit(); };';
  const looksOf = async (where: SoftwareSite, draft?: string): Promise<number> => {
    const request = { ...where.request, ...(draft === undefined ? {} : { draftPolicy: draft }) };
    const before = where.evaluation.looks;
    await attest(request, where.context).catch(() => undefined);
    return where.evaluation.looks - before;
  };
  for (const explainRefusals of [true, false]) {
    const configuration = { explainRefusals };
    const permits = await softwareSite({}, { configuration, policies: { SgxEnclave: permitting('') } });
    const refuses = await softwareSite({}, { configuration, policies: { SgxEnclave: refusing } });
    // The configuration of a policy of the tenant is evaluated once in its life, that of a draft for each.
    for (const where of [permits, refuses]) await looksOf(where);
    assert.deepEqual(
      [await looksOf(permits), await looksOf(refuses), await looksOf(permits, refusing)],
      [1, explainRefusals ? 2 : 1, 2],
    );
  }
});
