import assert from 'node:assert/strict';
import { vectors } from '@enclos/testkit';
import { parsePolicy, type Claim } from '../src/index.ts';
import { claim, evaluate, issued, issuing, policyError, shown } from './claims.ts';
import { policiesOn, rulesOfTheTable, rulesOn, signedPoliciesOn } from './documents.ts';
import { healthy, linux, unhealthy } from './event-log.ts';

/** What a published policy does with claims: what it issues, or false where it does not permit. */
type Case = readonly [claims: readonly Claim[], issued: readonly string[] | false];
/** Where the text itself is wrong: what stands there, and what is wrong with it. */
type Broken = { readonly broken: string; readonly at: readonly string[] };

const yes = (...types: readonly string[]): readonly Claim[] => types.map((type) => claim(type, true));
const sgx = (debug: boolean, signer: string): readonly Claim[] => [
  claim('x-ms-sgx-is-debuggable', debug),
  claim('x-ms-sgx-mrsigner', signer),
];
const pcrs = (...values: readonly string[]): readonly Claim[] => [
  claim('pcrs', JSON.stringify({ PCRs: values.map((SHA256, Index) => ({ Index, Digests: { SHA256 } })) })),
];
const requestKey = (kty: string, obj_attr: number): Claim =>
  claim(
    'x-ms-tpm-request-key',
    JSON.stringify({
      jwk: { kty },
      info: { tpm_quote: { hash_alg: 'sha-256' }, tpm_certify: { name_alg: 11, obj_attr, auth_policy: 'AQIDBA' } },
    }),
  );
const otherKeys = claim(
  'x-ms-tpm-other-keys',
  JSON.stringify([
    { jwk: { kty: 'RSA' }, info: { tpm_certify: { name_alg: 11, obj_attr: 50, auth_policy: 'AQIDBA' } } },
    { jwk: { kty: 'EC' }, info: {} },
  ]),
);
const attested = yes('aikValidated', 'secureBootEnabled', 'bootDebuggingDisabled', 'notSafeMode');
const drtm = 'drtmMleValid=true';
const linuxClaims = [
  'bootOrder="BootOrder-data"',
  'secureBootEnabled=true',
  'platformKey="PK-data"',
  'keyExchangeKey="KEK-data"',
  'keyDatabase="db-data"',
  'forbiddenSignatures="dbx-data"',
  'kernelVersions="6.1"',
  'kernelVersions="6.2"',
  'builtintrustedkeys="CN=built in"',
];

/** Every policy on these pages, in order. */
const pages: Readonly<Record<string, readonly (readonly Case[] | Broken)[]>> = {
  'author-sign-policy.md': [
    { broken: 'The rules have no semicolons.', at: ['', '', ''] },
    { broken: 'It is a pattern with words for numbers.', at: ['MajorVersion', '', '.'] },
    [[attested, false]],
    [
      [attested, []],
      [[{ ...claim('secureBootEnabled', true), issuer: 'CustomClaim' }], false],
    ],
    [[attested, ['SecurityLevelValue=100']]],
  ],
  'claim-sets.md': [
    [
      [sgx(false, 'mrsigner1'), []],
      [sgx(true, 'mrsigner1'), false],
      [sgx(false, 'mrsigner2'), false],
    ],
    [
      [sgx(false, 'mrsigner1'), []],
      [sgx(false, 'mrsigner2'), []],
      [sgx(false, 'mrsigner3'), false],
    ],
    [
      [sgx(false, 'mrsigner1'), false],
      [sgx(false, 'mrsigner2'), []],
    ],
  ],
  'custom-tcb-baseline-enforcement.md': [{ broken: 'A string is closed by a typographic quote.', at: ['”'] }],
  'policy-examples.md': [
    { broken: 'It has words in angle brackets for values.', at: ['<', '-'] },
    [
      [
        [...sgx(true, 'm'), claim('x-ms-sgx-svn', 3), claim('x-ms-attestation-type', 'sgx')],
        ['is-debuggable=true', 'sgx-mrsigner="m"', 'svn=3', 'tee="sgx"'],
      ],
    ],
    [
      [sgx(true, 'mrsigner2'), []],
      [sgx(false, 'mrsigner2'), false],
    ],
  ],
  'policy-version-1-0.md': [
    [
      [attested, ['PlatformAttested=true']],
      [attested.slice(1), []],
    ],
  ],
  'policy-version-1-1.md': [
    [
      [attested, ['PlatformAttested=true']],
      [[claim('aikValidated', false), ...attested.slice(1)], ['PlatformAttested=false']],
    ],
  ],
  'policy-version-1-2.md': [{ broken: 'An argument of issue has no name.', at: ['"PlatformAttested"'] }],
  'claim-rule-functions.md': [
    [
      [healthy, ['secureBootEnabled=true']],
      [unhealthy, ['secureBootEnabled=false']],
    ],
  ],
  'tpm-attestation-concepts.md': [
    [
      [attested, ['PlatformAttested=true']],
      [attested.slice(1), []],
    ],
    // The query compares with `true` and `null` as names of fields, so that it never finds a driver: what is left is
    // that some list, which may be empty, is not null.
    [
      [healthy, ['hvciEnabled=true', 'MaliciousDriverLoaded=true']],
      [unhealthy, ['hvciEnabled=false', 'MaliciousDriverLoaded=true']],
    ],
    [
      [linux, linuxClaims],
      [unhealthy, false],
    ],
    [
      [
        [requestKey('RSA', 50), otherKeys],
        [
          'requestKeyType="RSA"',
          'otherKeysTypes="RSA"',
          'requestKeyQuoteHashAlg="sha-256"',
          'requestKeyCertifyNameAlg=11',
          'requestKeyCertifyObjAttr=50',
          'requestKeyCertifyAuthPolicy="AQIDBA"',
          'otherKeysCertifyNameAlgs=11',
          'otherKeysCertifyObjAttr=50',
          'otherKeysCertifyAuthPolicy="AQIDBA"',
        ],
      ],
      [[], []],
    ],
  ],
  'tpm-attestation-sample-policies.md': [
    [
      [[...attested, ...yes('vbsEnabled', 'notWinPE')], ['PlatformAttested=true']],
      [attested, []],
    ],
    [
      [
        healthy,
        [
          'aikValidated=true',
          'SecureBootEnabled=true',
          'CodeIntegrityEnabled=true',
          'BitlockerStatus=true',
          'ELAMDriverLoaded=true',
        ],
      ],
      [
        unhealthy,
        [
          'aikValidated=false',
          'SecureBootEnabled=false',
          'CodeIntegrityEnabled=false',
          'BitlockerStatus=true',
          'ELAMDriverLoaded=true',
        ],
      ],
    ],
    [
      [
        pcrs(
          '4c833b1c361fceffd8dc0f81eec76081b71e1a0eb2193caed0b6e1c7735ec33e',
          '8c25e3be6ad6f5bd33c9ae40d5d5461e88c1a7366df0c9ee5c7e5ff40d3d1d0e',
          '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
          '3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969',
        ),
        [],
      ],
      [pcrs('00', '11', '22', '33'), false],
    ],
    [
      [healthy, [drtm]],
      [[claim('events', '{"Events": []}')], ['drtmMleValid=false']],
    ],
    [
      [
        [
          ...yes('vsmReportPresent'),
          claim('enclaveAuthorId', 'A'.repeat(43)),
          claim('enclaveImageId', `AQE${'A'.repeat(19)}`),
          claim('enclaveSvn', 0),
        ],
        [],
      ],
      [yes('vsmReportPresent'), false],
    ],
    [
      [
        [claim('bootEvents', 'b'), claim('events', 'e')],
        ['outputBootEvents="b"', 'outputEvents="e"'],
      ],
    ],
    // It adds no boolProperties, so it never finds that boot debugging is off; and it compares numbers with strings, so
    // it never finds a valid DRTM state.
    [
      [healthy, ['secureBootEnabled=true', 'bootDebuggingDisabled=false', 'vbsEnabled=true', 'drtmMleValid=false']],
      [unhealthy, ['secureBootEnabled=false', 'bootDebuggingDisabled=false', 'vbsEnabled=false', 'drtmMleValid=false']],
    ],
    [
      [linux, linuxClaims],
      [unhealthy, false],
    ],
    [
      [
        [
          claim(
            'events',
            '{"Events":[{"EventTypeString":"EV_EVENT_TAG","ProcessedData":{"EVENT_TRUSTBOUNDARY":{"EVENT_LOADEDMODULE_AGGREGATION":[{"EVENT_FILEPATH":"a.sys"}]}}}]}',
          ),
        ],
        ['alldriverloads="[\\"a.sys\\"]"', 'DriverLoadPolicy="null"'],
      ],
    ],
    [
      [[requestKey('RSA', 50)], []],
      [[requestKey('RSA', 51)], false],
    ],
  ],
};

for (const [page, policies] of Object.entries(pages)) {
  vectors.test(`the policies of ${page}`, () => {
    const texts = policiesOn(page);
    assert.equal(texts.length, policies.length);
    for (const [index, expected] of policies.entries()) {
      check(texts[index] ?? '', expected, `${page}, policy ${index + 1}`);
    }
  });
}

function check(text: string, expected: readonly Case[] | Broken, where: string): void {
  if ('broken' in expected) {
    const { diagnostics } = policyError(() => parsePolicy(text));
    const at = diagnostics.map(({ span }) => text.slice(span.start, span.end));
    assert.deepEqual(at, expected.at, `${where}: ${expected.broken}`);
    return;
  }
  for (const [claims, wanted] of expected) {
    const { permitted, outgoing } = evaluate(text, claims);
    assert.deepEqual(permitted && shown(outgoing), wanted, where);
  }
}

vectors.test('the policies of Azure samples', () => {
  const read = (name: string): string => new TextDecoder().decode(vectors.read(`maa/azure-samples/policy/${name}`));
  assert.deepEqual(vectors.list('maa/azure-samples/policy'), ['add.custom.claim.txt', 'deny.all.txt']);
  assert.deepEqual(shown(evaluate(read('add.custom.claim.txt'), attested).outgoing), ['SecurityLevelValue=100']);
  assert.equal(evaluate(read('deny.all.txt'), attested).refusal?.reason, 'denied');
});

vectors.test('the policies within signed examples', () => {
  const [unsigned = '', signed = '', ...more] = signedPoliciesOn('policy-examples.md');
  assert.deepEqual(more, []);
  const claims = [claim('$is-debuggable', false), claim('$tee', 'sgx')];
  assert.deepEqual(shown(evaluate(unsigned, claims).outgoing), ['is-debuggable=false', 'tee="sgx"']);
  assert.deepEqual(shown(evaluate(signed, claims).outgoing), [
    'NotDebuggable=false',
    'is-debuggable=false',
    'tee="sgx"',
  ]);
  assert.equal(evaluate(signed, [claim('$is-debuggable', true)]).refusal?.reason, 'denied');
});

/** By what the rules of the table are about: what they issue for a healthy machine, and for another. */
const table: Readonly<Record<string, readonly [healthy: readonly string[], unhealthy: readonly string[]]>> = {
  'Code integrity': [['codeIntegrityEnabled=true'], ['codeIntegrityEnabled=false']],
  'BitLocker [Boot state]': [['bitlockerStatus=2'], ['bitlockerStatus=2']],
  'Early Launch Antimalware (ELAM)': [['elamDriverLoaded=true'], ['elamDriverLoaded=true']],
  'Boot debugging': [['bootDebuggingDisabled=true'], ['bootDebuggingDisabled=false']],
  'Kernel debugging': [['osKernelDebuggingDisabled=true'], ['osKernelDebuggingDisabled=true']],
  'Data Execution Prevention (DEP) policy': [['depPolicy=5'], ['depPolicy=5']],
  'Test and flight signing': [
    ['testSigningDisabled=true', 'flightSigningNotEnabled=true'],
    ['testSigningDisabled=true', 'flightSigningNotEnabled=true'],
  ],
  'Virtual Secure Mode/VBS': [
    ['vsmEnabled=true', 'vbsEnabled=true'],
    ['vsmEnabled=false', 'vbsEnabled=false'],
  ],
  'Hypervisor-protected code integrity (HVCI)': [['hvciEnabled=true'], ['hvciEnabled=false']],
  'Input-output memory management unit (IOMMU)': [['iommuEnabled=true'], ['iommuEnabled=true']],
  'PCR value evaluation': [[], []],
  'Boot Manager version': [['bootMgrSvn=7'], ['bootMgrSvn=7']],
  'Safe mode': [['notSafeMode=true'], ['notSafeMode=true']],
  'WinPE boot': [['notWinPE=true'], ['notWinPE=true']],
  'Code integrity (CI) policy': [['codeIntegrityPolicy="cG9saWN5"'], ['codeIntegrityPolicy="cG9saWN5"']],
  'Secure Boot Configuration Policy Hash (SBCPHash)': [[], []],
  'System Guard (DRTM Validation and SMM Levels)': [[drtm], [drtm]],
  // It goes on from what the rules for the boot manager found.
  'Boot application subversion': [
    ['bootMgrSvn=7', 'bootAppSvn=9'],
    ['bootMgrSvn=7', 'bootAppSvn=9'],
  ],
  'Boot revision list': [['bootRevListInfo="bGlzdA"'], ['bootRevListInfo="bGlzdA"']],
};

/** Rules that are wrong as they are published, with what makes them right. */
const repairs: Readonly<Record<string, (rules: string) => string>> = {
  // Brackets are escaped as for Markdown, within code.
  'Virtual Secure Mode/VBS': (rules) => rules.replaceAll('\\[\\*\\]', '[*]'),
  'WinPE boot': (rules) => rules.replaceAll('\\[\\*\\]', '[*]'),
  // The line break after a comment is missing, so that the rule behind it is a comment.
  'Test and flight signing': (rules) => breakComments(rules).replaceAll('\\[\\*\\]', '[*]'),
  'Boot Manager version': breakComments,
  'Boot application subversion': breakComments,
};

function breakComments(rules: string): string {
  return rules.replaceAll(/(\/\/[^\n]*?)(c1?:\[)/g, '$1\n$2');
}

vectors.test('the rules in the table of version 1.2', () => {
  const rules = rulesOfTheTable();
  // The second rule for secure boot has no condition for the name that it uses.
  assert.throws(
    () => parsePolicy(issuing(`${rules.get('Secure boot') ?? ''}\n`)),
    /No condition of this rule is named "c"/,
  );
  assert.deepEqual([...rules.keys()].sort(), ['Secure boot', ...Object.keys(table)].sort());
  for (const [about, expected] of Object.entries(table)) {
    const text = rules.get(about) ?? '';
    const repaired = repairs[about]?.(text) ?? text;
    assert.equal(repaired !== text, about in repairs, about);
    const before =
      about === 'Boot application subversion' ? breakComments(rules.get('Boot Manager version') ?? '') : '';
    for (const [index, claims] of [healthy, unhealthy].entries()) {
      assert.deepEqual(issued(`${before}\n${repaired}\n`, claims), expected[index], about);
    }
  }
  for (const about of ['Virtual Secure Mode/VBS', 'WinPE boot']) {
    assert.throws(() => parsePolicy(issuing(`${rules.get(about) ?? ''}\n`)), /A backslash in a string/);
  }
});

vectors.test('all rules in the table together say each thing once', () => {
  const rules = [...rulesOfTheTable()]
    .filter(([about]) => about !== 'Secure boot')
    .map(([about, text]) => repairs[about]?.(text) ?? text);
  const types = evaluate(issuing(`${rules.join('\n')}\n`), healthy).outgoing.map(({ type }) => type);
  assert.deepEqual(types, [...new Set(types)]);
  assert.ok(types.length > 15);
});

vectors.test('the rules of the function pages', () => {
  const [literal, query, scalars, array, nothing, subset, append, negate, only, absent, ...more] =
    rulesOn('claim-rule-functions.md');
  assert.deepEqual(more, []);
  /** What the rules add, by a rule that issues what the policy added. */
  const added = (rules = '', claims: readonly Claim[] = []): readonly string[] =>
    issued(`${rules} c:[issuer=="AttestationPolicy"] => issue(claim=c);`, claims);
  assert.deepEqual(added(literal), ['JmesPathResult="\\"bar\\""']);
  assert.deepEqual(added(query, [claim('JsonData', '{"values": [0,1,2,3,4]}'), claim('JmesPathQuery', 'values[2]')]), [
    'JmesPathResult="2"',
  ]);
  // The page writes the JSON "abc" without its quotes.
  assert.deepEqual(
    added(scalars, [
      claim('JsonIntegerData', '100'),
      claim('JsonBooleanData', 'true'),
      claim('JsonStringData', '"abc"'),
    ]),
    ['IntegerResult=100', 'BooleanResult=true', 'StringResult="abc"'],
  );
  assert.deepEqual(added(array, [claim('JsonData', '[0, "abc", true]')]), ['Result=0', 'Result="abc"', 'Result=true']);
  assert.deepEqual(added(nothing, [claim('JsonData', 'null')]), []);
  const sets = [
    claim('Subset', 'abc'),
    claim('Subset', 100),
    claim('Superset', true),
    claim('Superset', 'abc'),
    claim('Superset', 100),
  ];
  assert.deepEqual(added(subset, sets), ['IsSubset=true']);
  // Names and a spelling are wrong on the page, an argument and a semicolon are missing.
  const wrong = (rules: string | undefined, message: RegExp): void => assert.throws(() => added(rules), message);
  wrong(append, /named "c1"/);
  assert.deepEqual(added(append?.replace('c:[', 'c1:['), [claim('String1', 'abc'), claim('String2', 'xyz')]), [
    'Result="abcxyz"',
  ]);
  wrong(negate, /no function "NegateBol"/);
  assert.deepEqual(added(negate?.replace('Bol', 'Bool'), [claim('Input', true)]), ['Result=false']);
  wrong(only, /takes two arguments/);
  assert.deepEqual(added(only?.replace('100', 'c.value, 100'), [claim('Set', 100), claim('Set', 101)]), [
    'Result=false',
  ]);
  wrong(absent, /A semicolon follows/);
  assert.deepEqual(added(`${absent};`, [claim('Claim1', 100), claim('Claim2', 200)]), ['Claim3=300']);

  const [named = '', ...others] = rulesOn('claim-rule-grammar.md');
  assert.deepEqual(others, []);
  const names = [claim('OSName', 'x', 'CustomClaim'), claim('OSName', 'x')];
  const { outgoing, properties } = evaluate(issuing(named), names);
  assert.deepEqual([outgoing, shown(properties)], [[claim('OSName', 'x')], ['report_validity_in_minutes=1440']]);
});
