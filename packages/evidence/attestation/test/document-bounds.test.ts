import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import {
  goodQeIdentity,
  goodTcbInfo,
  makePlatform,
  now,
  qeLevel,
  tcbLevel,
  type Changes,
} from './synthetic-platform.ts';
import { moduleIdentity, moduleLevel, tdBody, tdChanges, tdxLevel, teeTcbSvn } from './synthetic-td.ts';

type Json = Record<string, unknown>;

const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const ids = (count: number, length = 20): readonly string[] => range(count).map((id) => `${id}`.padStart(length, 'X'));

/** A level of version 3 of which each component has the words. */
const worded = (words: Json): Json => ({
  ...tcbLevel(2, 'UpToDate'),
  tcb: { pcesvn: 2, sgxtcbcomponents: range(16).map(() => ({ svn: 2, ...words })) },
});

const versionTwo = (svn: number, pcesvn = 2): Json => {
  const components = range(16).map((index) => [`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, svn] as const);
  const level = { ...tcbLevel(2, 'UpToDate'), tcb: { ...Object.fromEntries(components), pcesvn } };
  return { id: undefined, version: 2, tcbLevels: [level] };
};

const tdxInfo = (identities: readonly Json[]): Json => {
  const { tcbInfo } = tdChanges(tdBody('td-1.0'));
  return { ...tcbInfo?.(goodTcbInfo), tdxModuleIdentities: identities };
};
const module = (id: string): Json => moduleIdentity(id, [moduleLevel(3, 'UpToDate')]);

/** What may be there, and the least that may not. */
type Bound = readonly [what: string, accepted: Json, refused: Json];

const pceLevels = (count: number): Json => ({
  tcbLevels: range(count).map((pcesvn) => ({
    ...tcbLevel(2, 'UpToDate'),
    tcb: { pcesvn, sgxtcbcomponents: range(16).map(() => ({ svn: 2 })) },
  })),
});
const tcbInfoBounds: readonly Bound[] = [
  ['levels', pceLevels(256), pceLevels(257)],
  ['TDX module identities', tdxInfo(ids(256).map((id) => module(id))), tdxInfo(ids(257).map((id) => module(id)))],
  ['the id of a TDX module', tdxInfo(ids(1, 64).map(module)), tdxInfo(ids(1, 65).map(module))],
  ['the evaluation number', { tcbEvaluationDataNumber: 0xffff_ffff }, { tcbEvaluationDataNumber: 0x1_0000_0000 }],
  ['a component of version 2', versionTwo(255), versionTwo(256)],
  ['the PCESVN', versionTwo(2, 65_535), versionTwo(2, 65_536)],
  [
    'a category',
    { tcbLevels: [worded({ category: 'x'.repeat(128) })] },
    { tcbLevels: [worded({ category: 'x'.repeat(129) })] },
  ],
  ['a type', { tcbLevels: [worded({ type: 'x'.repeat(128) })] }, { tcbLevels: [worded({ type: 'x'.repeat(129) })] }],
  [
    'advisories of a level',
    { tcbLevels: [tcbLevel(2, 'UpToDate', ids(256))] },
    { tcbLevels: [tcbLevel(2, 'UpToDate', ids(257))] },
  ],
  [
    'the id of an advisory',
    { tcbLevels: [tcbLevel(2, 'UpToDate', ids(1, 64))] },
    { tcbLevels: [tcbLevel(2, 'UpToDate', ids(1, 65))] },
  ],
];

const identityBounds: readonly Bound[] = [
  [
    'levels',
    { tcbLevels: range(256).map((isvsvn) => ({ ...qeLevel(1, 'UpToDate'), tcb: { isvsvn } })) },
    { tcbLevels: range(257).map((isvsvn) => ({ ...qeLevel(1, 'UpToDate'), tcb: { isvsvn } })) },
  ],
  ['the evaluation number', { tcbEvaluationDataNumber: 0xffff_ffff }, { tcbEvaluationDataNumber: 0x1_0000_0000 }],
  ['the ISVPRODID', { isvprodid: 65_535 }, { isvprodid: 65_536 }],
  [
    'the ISVSVN of a level',
    { tcbLevels: [{ ...qeLevel(1, 'UpToDate'), tcb: { isvsvn: 65_535 } }] },
    { tcbLevels: [{ ...qeLevel(1, 'UpToDate'), tcb: { isvsvn: 65_536 } }] },
  ],
  [
    'advisories of a level',
    { tcbLevels: [qeLevel(1, 'UpToDate', ids(256))] },
    { tcbLevels: [qeLevel(1, 'UpToDate', ids(257))] },
  ],
  [
    'the id of an advisory',
    { tcbLevels: [qeLevel(1, 'UpToDate', ids(1, 64))] },
    { tcbLevels: [qeLevel(1, 'UpToDate', ids(1, 65))] },
  ],
];

const documents = [
  ['tcb_info', 'TCB info', goodTcbInfo, tcbInfoBounds],
  ['qe_identity', 'a QE identity', goodQeIdentity, identityBounds],
] as const;

for (const [field, document, good, bounds] of documents) {
  for (const [what, accepted, refused] of bounds) {
    test(`the bound on ${what} of ${document}`, async () => {
      const { collateral } = await makePlatform();
      const parse = (change: Json): unknown =>
        parseCollateral({ ...collateral, [field]: JSON.stringify({ ...good, ...change }) });
      assert.doesNotThrow(() => parse(accepted));
      assert.throws(
        () => parse(refused),
        (error) => isEnclosError(error, 'ENDORSEMENTS_INVALID') && error.details['field'] === field,
      );
    });
  }
}

async function verdictOf(changes: Changes): Promise<ReturnType<typeof verifyQuoteSync>> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuoteSync(quote, parseCollateral(collateral), { roots, now });
}

test('levels that differ in TDX components only are kept in their order, whatever that of the JSON', async () => {
  const tcbLevels = [tdxLevel(4, 'OutOfDate'), tdxLevel(5, 'UpToDate'), tdxLevel(3, 'Revoked')];
  const body = tdBody('td-1.0', { teeTcbSvn: teeTcbSvn(3, 1, 5) });
  const verdict = await verdictOf(tdChanges(body, { tcbInfo: (good) => ({ ...good, tcbLevels }) }));
  assert.equal(verdict.status, 'OK');
});

test('a shortfall in a component without Intel’s words has none', async () => {
  const level = worded({});
  const tcb = { pcesvn: 2, sgxtcbcomponents: range(16).map((index) => ({ svn: index === 5 ? 3 : 2 })) };
  const verdict = await verdictOf({
    tcbInfo: (good) => ({
      ...good,
      tcbLevels: [
        { ...level, tcb },
        { ...level, tcbStatus: 'OutOfDate' },
      ],
    }),
  });
  assert.equal(verdict.status, 'OUT_OF_DATE');
  assert.deepEqual(verdict.shortfall, [{ component: 'sgx', index: 5, has: 2, needs: 3 }]);
});
