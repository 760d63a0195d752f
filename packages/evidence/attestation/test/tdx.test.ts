import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { QuoteBody } from '@enclos/sgx';
import { parseCollateral, verifyQuote, type QuoteVerdict, type TdxVerdict } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { makePlatform, now, qeLevel, tcbLevel, type Changes } from './synthetic-platform.ts';
import { moduleIdentity, moduleLevel, tdBody, tdChanges, tdxLevel, teeTcbSvn, type TdType } from './synthetic-td.ts';

/** Both drivers must agree, on the verdict or on the refusal. */
async function verdictOf(changes: Changes): Promise<QuoteVerdict> {
  const { quote, collateral, roots } = await makePlatform(changes);
  const endorsements = parseCollateral(collateral);
  const verdict = await verifyQuote(quote, endorsements, { roots, now });
  assert.deepEqual({ ...verifyQuoteSync(quote, endorsements, { roots, now }) }, { ...verdict });
  return verdict;
}

async function tdVerdictOf(body: QuoteBody, documents?: Parameters<typeof tdChanges>[1]): Promise<TdxVerdict> {
  const verdict = await verdictOf(tdChanges(body, documents));
  assert.ok(verdict.tee === 'tdx');
  return verdict;
}

async function refusalOf(changes: Changes): Promise<readonly unknown[]> {
  const { quote, collateral, roots } = await makePlatform(changes);
  const endorsements = parseCollateral(collateral);
  const refusals: unknown[][] = [];
  const note = (error: unknown): true => {
    assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
    refusals.push([error.details['step'], error.details['status']]);
    return true;
  };
  await assert.rejects(verifyQuote(quote, endorsements, { roots, now }), note);
  assert.throws(() => verifyQuoteSync(quote, endorsements, { roots, now }), note);
  assert.deepEqual(refusals[0], refusals[1]);
  return refusals[0] ?? [];
}

test('an SGX quote verifies in version 4 and 5 as in version 3', async () => {
  for (const version of [3, 4, 5] as const) {
    const verdict = await verdictOf({ version });
    assert.ok(verdict.tee === 'sgx');
    assert.equal(verdict.bodyType, 'sgx');
    assert.equal(verdict.quoteVersion, version);
    assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
    assert.equal(verdict.report.mrEnclave, 'ee'.repeat(32));
    assert.equal(verdict.moduleStatus, undefined);
  }
});

for (const type of ['td-1.0', 'td-1.5', 'td-1.5-ex'] satisfies TdType[]) {
  test(`a quote of a ${type} verifies, and says what it is`, async () => {
    const verdict = await tdVerdictOf(tdBody(type));
    assert.equal(verdict.bodyType, type);
    assert.equal(verdict.status, 'OK');
    assert.equal(verdict.platformStatus, 'OK');
    assert.equal(verdict.moduleStatus, 'OK');
    assert.equal(verdict.tcbDate, '2023-03-01T00:00:00Z');
    assert.deepEqual(verdict.shortfall, []);
    assert.equal(verdict.report.mrTd, '22'.repeat(48));
    assert.equal(verdict.report.rtmr3, '33'.repeat(48));
    assert.equal(verdict.report.reportData, '09'.repeat(64));
    assert.equal(verdict.report.teeTcbSvn, toHex(teeTcbSvn(3)));
    assert.equal(verdict.launch?.status, type === 'td-1.0' ? undefined : 'OK');
    assert.equal(verdict.current?.status, type === 'td-1.0' ? undefined : 'OK');
    assert.equal(verdict.report.mrServiceTd, type === 'td-1.0' ? undefined : '00'.repeat(48));
    assert.equal(verdict.report.partition?.tdId, type === 'td-1.5-ex' ? '02'.repeat(32) : undefined);
    assert.equal(
      verdict.report.partition?.currentServiceTdAttributes,
      type === 'td-1.5-ex' ? '0a'.repeat(8) : undefined,
    );
  });
}

test('a TD 1.0 can come in version 5 too', async () => {
  const verdict = await verdictOf({ ...tdChanges(tdBody('td-1.0')), version: 5 });
  assert.deepEqual([verdict.bodyType, verdict.quoteVersion, verdict.status], ['td-1.0', 5, 'OK']);
});

const moduleStatuses = [
  [3, 'OK', 'OK', []],
  [2, 'OUT_OF_DATE', 'OUT_OF_DATE', ['M']],
  [1, 'REVOKED', 'REVOKED', []],
  [0, 'TCB_NOT_SUPPORTED', 'TCB_NOT_SUPPORTED', []],
] as const;

for (const [svn, moduleStatus, status, advisoryIds] of moduleStatuses) {
  test(`a TDX module of SVN ${svn} is ${moduleStatus}, and the whole ${status}`, async () => {
    const verdict = await tdVerdictOf(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(svn) }));
    assert.equal(verdict.moduleStatus, moduleStatus);
    assert.equal(verdict.platformStatus, 'OK');
    assert.equal(verdict.status, status);
    assert.deepEqual(verdict.advisoryIds, advisoryIds);
    assert.deepEqual(verdict.shortfall, svn === 3 ? [] : [{ component: 'tdx-module', index: 0, has: svn, needs: 3 }]);
  });
}

test('a module of version 0 has no identity: its SVN and version are compared as components', async () => {
  const body = tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(9, 0) });
  const low = await tdVerdictOf(body);
  assert.deepEqual([low.status, low.moduleStatus], ['TCB_NOT_SUPPORTED', undefined]);
  assert.deepEqual(
    low.shortfall.map(({ component, index, has, needs }) => [component, index, has, needs]),
    [
      ['tdx', 0, 9, 200],
      ['tdx', 1, 0, 200],
    ],
  );
  const levels = (svn: number) => (good: Record<string, unknown>) => {
    const level = tdxLevel(5, 'UpToDate');
    const { tdxtcbcomponents, ...tcb } = level['tcb'] as { readonly tdxtcbcomponents: readonly unknown[] };
    return {
      ...good,
      tcbLevels: [{ ...level, tcb: { ...tcb, tdxtcbcomponents: [{ svn }, { svn: 0 }, ...tdxtcbcomponents.slice(2)] } }],
    };
  };
  assert.equal((await tdVerdictOf(body, { tcbInfo: levels(9) })).status, 'OK');
  assert.equal((await tdVerdictOf(body, { tcbInfo: levels(10) })).status, 'TCB_NOT_SUPPORTED');
});

test('a low SEAM loader lowers the platform, and is named in Intel’s words', async () => {
  const verdict = await tdVerdictOf(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(3, 1, 4) }));
  assert.deepEqual(
    [verdict.status, verdict.platformStatus, verdict.moduleStatus],
    ['OUT_OF_DATE', 'OUT_OF_DATE', 'OK'],
  );
  assert.deepEqual(verdict.advisoryIds, ['P']);
  assert.equal(verdict.tcbDate, '2023-03-01T00:00:00Z');
  assert.deepEqual(verdict.shortfall, [
    { component: 'tdx', index: 2, has: 4, needs: 5, category: 'OS/VMM', type: 'SEAMLDR ACM' },
  ]);
});

test('module and quoting enclave converge with the platform, dates and advisories of all three', async () => {
  const documents: Parameters<typeof tdChanges>[1] = {
    tcbInfo: (good) => ({ ...good, tcbLevels: [tdxLevel(5, 'ConfigurationNeeded', ['P'])] }),
    qeIdentity: (good) => ({ ...good, tcbLevels: [qeLevel(1, 'OutOfDate', ['Q', 'P'])] }),
  };
  const verdict = await tdVerdictOf(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(2) }), documents);
  assert.equal(verdict.status, 'OUT_OF_DATE_CONFIGURATION_NEEDED');
  assert.deepEqual(
    [verdict.platformStatus, verdict.moduleStatus, verdict.qeStatus],
    ['CONFIGURATION_NEEDED', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  );
  assert.deepEqual(verdict.advisoryIds, ['M', 'P', 'Q']);
  assert.equal(verdict.tcbDate, '2021-06-01T00:00:00Z');
});

const mismatches: readonly (readonly [what: string, changes: Changes])[] = [
  ['a module version that the TCB info does not know', tdChanges(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(3, 2) }))],
  ['no module identities', tdChanges(tdBody('td-1.0'), { tcbInfo: (good) => ({ ...good, tdxModuleIdentities: [] }) })],
  ['another signer of the module', tdChanges(tdBody('td-1.0', { mrSignerSeam: new Uint8Array(48).fill(1) }))],
  ['attributes of the module', tdChanges(tdBody('td-1.0', { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }))],
  [
    'attributes of the module, though its identity has the same',
    tdChanges(tdBody('td-1.0', { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }), {
      tcbInfo: (good) => ({
        ...good,
        tdxModuleIdentities: [
          moduleIdentity('TDX_01', [moduleLevel(3, 'UpToDate')], { attributes: '0100000000000000' }),
        ],
      }),
    }),
  ],
  [
    'an identity with attributes, and a module without',
    tdChanges(tdBody('td-1.0'), {
      tcbInfo: (good) => ({
        ...good,
        tdxModuleIdentities: [
          moduleIdentity('TDX_01', [moduleLevel(3, 'UpToDate')], { attributes: '0100000000000000' }),
        ],
      }),
    }),
  ],
  [
    'a module of version 0 with another signer than tdxModule',
    tdChanges(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(3, 0) }), {
      tcbInfo: (good) => ({
        ...good,
        tdxModule: { mrsigner: '01'.repeat(48), attributes: '0000000000000000', attributesMask: 'FFFFFFFFFFFFFFFF' },
      }),
    }),
  ],
];

for (const [what, changes] of mismatches) {
  test(`refused as TDX_MODULE_MISMATCH: ${what}`, async () => {
    assert.deepEqual(await refusalOf(changes), ['tdx-module-match', 'TDX_MODULE_MISMATCH']);
  });
}

test('the id of a module identity is compared without regard to case', async () => {
  const tcbInfo: Changes['tcbInfo'] = (good) => ({
    ...good,
    tdxModuleIdentities: [moduleIdentity('tdx_0a', [moduleLevel(3, 'UpToDate')])],
  });
  assert.equal((await tdVerdictOf(tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(3, 10) }), { tcbInfo })).status, 'OK');
});

test('a TD’s quote wants TDX collateral: TCB info and QE identity of SGX are mismatches, and the other way round', async () => {
  const td = tdChanges(tdBody('td-1.0'));
  assert.deepEqual(await refusalOf({ version: 4, body: tdBody('td-1.0') }), ['tcb-info-match', 'TCB_INFO_MISMATCH']);
  const { qeIdentity: _, ...withQe } = td;
  assert.deepEqual(await refusalOf(withQe), ['qe-identity-match', 'QE_IDENTITY_MISMATCH']);
  const { body: _body, ...sgxQuote } = td;
  assert.deepEqual(await refusalOf(sgxQuote), ['tcb-info-match', 'TCB_INFO_MISMATCH']);
});

test('a signature over another body is refused, in every version and type', async () => {
  for (const type of ['td-1.0', 'td-1.5', 'td-1.5-ex'] satisfies TdType[]) {
    const changes: Changes = {
      ...tdChanges(tdBody(type)),
      quote: (good) => ({ ...good, body: tdBody(type, { xfam: 0n }) }),
    };
    assert.deepEqual(await refusalOf(changes), ['quote-signature', 'INVALID_QUOTE_SIGNATURE']);
  }
});

const zeroModule = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) };
const malformed: readonly (readonly [what: string, status: string, change: object])[] = [
  ['no TDX module', 'SGX_TCB_INFO_UNSUPPORTED_FORMAT', { tdxModule: undefined }],
  [
    'a TDX module without a signer',
    'SGX_TCB_INFO_UNSUPPORTED_FORMAT',
    { tdxModule: { ...zeroModule, mrsigner: undefined } },
  ],
  ['a short signer', 'SGX_TCB_INFO_INVALID', { tdxModule: { ...zeroModule, mrsigner: '00' } }],
  ['long attributes', 'SGX_TCB_INFO_INVALID', { tdxModule: { ...zeroModule, attributes: '00'.repeat(9) } }],
  ['a mask that is no hex', 'SGX_TCB_INFO_INVALID', { tdxModule: { ...zeroModule, attributesMask: 'xx'.repeat(8) } }],
  ['identities that are no array', 'SGX_TCB_INFO_INVALID', { tdxModuleIdentities: {} }],
  ['an identity without levels', 'SGX_TCB_INFO_INVALID', { tdxModuleIdentities: [moduleIdentity('TDX_01', [])] }],
  [
    'two equal levels of a module',
    'SGX_TCB_INFO_INVALID',
    { tdxModuleIdentities: [moduleIdentity('TDX_01', [moduleLevel(1, 'UpToDate'), moduleLevel(1, 'OutOfDate')])] },
  ],
  [
    'a status that modules do not have',
    'SGX_TCB_INFO_INVALID',
    { tdxModuleIdentities: [moduleIdentity('TDX_01', [moduleLevel(1, 'SWHardeningNeeded')])] },
  ],
  [
    'two identities of one version',
    'SGX_TCB_INFO_INVALID',
    {
      tdxModuleIdentities: ['TDX_01', 'tdx_01'].map((id) => moduleIdentity(id, [moduleLevel(1, 'UpToDate')])),
    },
  ],
  ['levels without TDX components', 'SGX_TCB_INFO_UNSUPPORTED_FORMAT', { tcbLevels: [tcbLevel(1, 'UpToDate')] }],
  ['a TDX module for SGX', 'SGX_TCB_INFO_INVALID', { id: 'SGX' }],
];

for (const [what, status, change] of malformed) {
  test(`TCB info of TDX with ${what} is refused as ${status}`, async () => {
    const tcbInfo: Changes['tcbInfo'] = (good) => ({ ...good, ...change });
    const { collateral } = await makePlatform(tdChanges(tdBody('td-1.0'), { tcbInfo }));
    assert.throws(
      () => parseCollateral(collateral),
      (error) => isEnclosError(error, 'ENDORSEMENTS_INVALID') && error.details['status'] === status,
    );
  });
}
