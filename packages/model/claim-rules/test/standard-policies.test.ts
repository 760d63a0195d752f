import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '@enclos/testkit';
import {
  defaultPolicies,
  formatPolicy,
  PolicyError,
  strictPolicies,
  type AttestationType,
  type Claim,
} from '../src/index.ts';
import { claim, evaluate, shown } from './claims.ts';
import { policiesOn } from './documents.ts';

const sgx = [
  claim('x-ms-sgx-is-debuggable', false),
  claim('x-ms-sgx-mrsigner', 'ab'),
  claim('x-ms-sgx-product-id', 1),
  claim('x-ms-sgx-svn', 1),
];

/** What each strict policy wants, as a service would claim it. */
const sound: Readonly<Record<AttestationType, readonly Claim[]>> = {
  SgxEnclave: sgx,
  OpenEnclave: sgx,
  SevSnpVm: [
    claim('x-ms-sevsnpvm-is-debuggable', false),
    claim('x-ms-sevsnpvm-migration-allowed', false),
    claim('x-ms-sevsnpvm-vmpl', 0),
    claim('x-ms-sevsnpvm-launchmeasurement', 'ab'),
  ],
  TdxVm: [
    claim('tdx_td_attributes_debug', false),
    claim('tdx_td_attributes_septve_disable', true),
    claim('attester_tcb_status', 'UpToDate'),
    claim('tdx_mrseam', 'ab'),
    claim('tdx_mrtd', 'cd'),
  ],
  Tpm: ['aikValidated', 'secureBootEnabled', 'bootDebuggingDisabled', 'notSafeMode', 'notWinPE'].map((type) =>
    claim(type, true),
  ),
  AzureGuest: [
    claim('x-ms-azurevm-debuggersdisabled', true),
    claim('secureboot', true),
    claim('x-ms-isolation-tee', '{"x-ms-compliance-status":"azure-compliant-cvm","x-ms-sevsnpvm-is-debuggable":false}'),
  ],
};

/** The same with one claim that is worse. */
function worse({ type, value, issuer }: Claim): Claim {
  if (typeof value === 'boolean') return { type, value: !value, issuer };
  if (typeof value === 'number') return { type, value: type.endsWith('vmpl') ? 1 : value - 2, issuer };
  return {
    type,
    value: value
      .replace('UpToDate', 'OutOfDate')
      .replace('compliant-cvm', 'other')
      .replace('"x-ms-sevsnpvm-is-debuggable":false', '"tdx_td_attributes_debug":true'),
    issuer,
  };
}

for (const [type, claims] of Object.entries(sound) as [AttestationType, readonly Claim[]][]) {
  test(`the policies for ${type} are formatted, and the default permits everything`, () => {
    for (const policies of [defaultPolicies, strictPolicies]) {
      assert.equal(formatPolicy(policies[type]), policies[type]);
    }
    assert.equal(evaluate(defaultPolicies[type]).permitted, true);
    assert.equal(evaluate(defaultPolicies[type], claims.map(worse)).permitted, true);
  });

  test(`the strict policy for ${type} wants each claim, from the service`, () => {
    const permits = (given: readonly Claim[]): boolean => evaluate(strictPolicies[type], given).permitted;
    assert.ok(permits(claims));
    assert.ok(!permits([]));
    for (const [index, one] of claims.entries()) {
      const others = claims.filter((_, other) => other !== index);
      assert.ok(!permits(others), one.type);
      assert.ok(!permits([...others, { ...one, issuer: 'CustomClaim' }]), one.type);
      const bad = worse(one);
      if (bad.value !== one.value) assert.ok(!permits([...others, bad]), one.type);
    }
  });
}

test('debugging is refused whoever else says that there is none', () => {
  for (const [type, debug] of [
    ['SgxEnclave', claim('x-ms-sgx-is-debuggable', true)],
    ['SevSnpVm', claim('x-ms-sevsnpvm-is-debuggable', true)],
    ['TdxVm', claim('tdx_td_attributes_debug', true)],
    ['AzureGuest', claim('x-ms-azurevm-debuggersdisabled', false)],
  ] as const) {
    assert.equal(evaluate(strictPolicies[type], [...sound[type], debug]).refusal?.reason, 'denied', type);
  }
});

/** What a service gives a draft for; see its README. */
const mostPublishedSteps = 3200;
const pages = [
  'author-sign-policy.md',
  'claim-rule-functions.md',
  'claim-sets.md',
  'policy-examples.md',
  'policy-version-1-0.md',
  'policy-version-1-1.md',
  'tpm-attestation-concepts.md',
  'tpm-attestation-sample-policies.md',
];
/** As many claims as evidence of SGX has, and more. */
const manyClaims = Array.from({ length: 60 }, (_, index) => claim(`x-ms-claim-${index}`, 'ab'.repeat(32)));

test('the policies of this package take few steps', () => {
  for (const policies of [defaultPolicies, strictPolicies]) {
    for (const [type, text] of Object.entries(policies)) {
      // Every type of attestation is a key of both tables.
      const claims = [...manyClaims, ...sound[type as AttestationType]];
      assert.ok(evaluate(text, claims).steps <= mostPublishedSteps, type);
    }
  }
});

vectors.test('published policies take few steps', () => {
  let found = 0;
  for (const page of pages) {
    for (const text of policiesOn(page)) {
      const steps = stepsOf(text);
      assert.ok(steps <= mostPublishedSteps, `${page}: ${steps}`);
      if (steps > 0) found++;
    }
  }
  assert.ok(found >= 20, String(found));
});

/** Some examples on the pages are not policies. */
function stepsOf(text: string): number {
  try {
    return evaluate(text, [...manyClaims, ...sgx]).steps;
  } catch (error) {
    if (error instanceof PolicyError && error.code !== 'CLAIM_RULES_LIMIT') return 0;
    throw error;
  }
}

vectors.test('the default policy for SGX is the published one', () => {
  const published = policiesOn('policy-examples.md')[1] ?? '';
  assert.equal(formatPolicy(published), defaultPolicies.SgxEnclave);
  const claims = [...sgx, claim('x-ms-attestation-type', 'sgx')];
  assert.deepEqual(shown(evaluate(defaultPolicies.SgxEnclave, claims).properties), [
    'x-ms-sgx-tcbidentifier="azuredefault"',
  ]);
});
