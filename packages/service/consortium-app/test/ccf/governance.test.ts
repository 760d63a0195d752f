import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

import { utf8 } from '@enclos/codec';

import type { GovernanceEffects } from '../../src/index.ts';
import { engineTest, evaluate, thrownBy } from '../kit/scripts.ts';
import { MemoryTransaction } from '../kit/memory-transaction.ts';

const constitution = `export function validate(input) {} export function resolve(proposal, proposerId, votes) {} export function apply(proposal, proposerId) {}`;
const keysTable = 'public:ccf.gov.jwt.public_signing_keys_metadata_v2';

function recordingEffects(): { readonly effects: GovernanceEffects; readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const note =
    (name: string) =>
    (...values: readonly unknown[]): void =>
      void seen.push([name, ...values]);
  const effects: GovernanceEffects = {
    triggerLedgerRekey: note('rekey'),
    transitionServiceToOpen: note('open'),
    triggerRecoverySharesRefresh: note('shares'),
    triggerLedgerChunk: note('chunk'),
    triggerSnapshot: () => {
      throw new Error('no disk');
    },
    latestLedgerSecretSeqno: () => 12,
    generateEndorsedCertificate: (request, validFrom, days) => `${request} ${validFrom} ${days}`,
    generateNetworkCertificate: (validFrom, days) => `${validFrom} ${days}`,
  };
  return { effects, seen };
}

engineTest('a constitution is checked where proposals are validated, and nowhere else', (engine) => {
  const check = (text: string): unknown =>
    thrownBy(engine, `ccf.gov.validateConstitution(${JSON.stringify(text)})`, { role: 'validate' });
  assert.equal(check(constitution), 'no error, but true');
  assert.equal(check(constitution.replace('votes)', 'votes, proposalId)')), 'no error, but true');
  assert.equal(
    check(constitution.replace('(input)', '()')),
    'TypeError: proposed constitution exports function validate with 0 args, expected 1 arg (input)',
  );
  assert.equal(
    check(constitution.replace('(proposal, proposerId, votes)', '(proposal)')),
    'TypeError: proposed constitution exports function resolve with 1 arg, expected between 3 and 4 args (proposal, proposerId, votes[, proposalId])',
  );
  assert.match(
    String(check(constitution.replace('export function apply', 'function apply'))),
    /^TypeError: proposed constitution does not export a function named apply: /,
  );
  assert.match(
    String(check('export function (')),
    /^TypeError: proposed constitution does not export a function named apply: /,
  );
  assert.match(String(check('throw new Error("no")')), /does not export a function named apply: Error: no/);
  assert.equal(check(''), 'TypeError: constitution is empty');
  assert.match(
    String(
      check(
        `export const apply = (a, b) => ccf.kv; ${constitution.replace('export function apply', 'function other')}`,
      ),
    ),
    /true$/,
    'it is not called',
  );
  assert.match(
    String(check(`ccf.kv['public:ccf.gov.members.info'].size; ${constitution}`)),
    /ccf/,
    'it sees nothing of the service',
  );
  for (const role of ['ballot', 'resolve', 'apply', 'readwrite'] as const) {
    assert.equal(evaluate(engine, `return typeof ccf.gov`, { role }), 'undefined', role);
  }
});

engineTest('keys of issuers are set and removed, and unchanged ones not written', (engine) => {
  const transaction = new MemoryTransaction();
  const jwk = (): object => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' });
  const [one, two] = [jwk(), jwk()];
  const set = (issuer: string, keys: object): unknown =>
    thrownBy(engine, `ccf.setJwtPublicSigningKeys('${issuer}', {}, ${JSON.stringify(keys)})`, {
      role: 'apply',
      call: { transaction },
    });
  const rows = (): Record<string, { issuer: string; constraint?: string }[]> =>
    Object.fromEntries(
      [...(transaction.tables.get(keysTable) ?? [])].map(([key, value]) => [
        Buffer.from(key, 'hex').toString(),
        JSON.parse(Buffer.from(value).toString()) as { issuer: string }[],
      ]),
    );
  assert.equal(
    set('https://a.example', {
      keys: [
        { ...one, kid: 'k' },
        { ...two, kid: 'l', issuer: 'https://a.example/x' },
      ],
    }),
    'no error, but undefined',
  );
  const { writes } = transaction;
  set('https://a.example', {
    keys: [
      { ...one, kid: 'k' },
      { ...two, kid: 'l', issuer: 'https://a.example/x' },
    ],
  });
  assert.equal(transaction.writes, writes);
  set('https://b.example', { keys: [{ ...two, kid: 'k' }] });
  assert.deepEqual(
    rows()['k']?.map(({ issuer }) => issuer),
    ['https://a.example', 'https://b.example'],
  );
  assert.equal(rows()['l']?.[0]?.constraint, 'https://a.example/x');
  set('https://a.example', { keys: [{ ...two, kid: 'm' }] });
  assert.deepEqual(Object.keys(rows()), ['k', 'm']);
  evaluate(engine, `ccf.removeJwtPublicSigningKeys('https://a.example')`, { role: 'apply', call: { transaction } });
  assert.deepEqual(Object.keys(rows()), ['k']);
  for (const [keys, expected] of [
    [{ keys: [] }, /^InternalError: Error setting JWT public signing keys: the key set needs/],
    [{ keys: [{ ...one }] }, /Missing kid for JWT signing key/],
    [{ keys: [{ kid: 'k' }] }, /JWKS kid k has neither RSA\/EC public key or x5c/],
    [
      { keys: [{ ...one, kid: 'k', issuer: 'https://evil.example' }] },
      /fails validation against issuer https:\/\/a\.example/,
    ],
    [{ keys: [{ ...one, kid: 'k', issuer: 'https://xa.example' }] }, /fails validation/],
  ] as const) {
    assert.match(String(set('https://a.example', keys)), expected);
  }
});

engineTest('the modules of the application must compile', (engine) => {
  const transaction = new MemoryTransaction();
  const put = (table: string, name: string, value: string): void => transaction.map(table).set(utf8(name), utf8(value));
  put('public:ccf.gov.modules', '/a.js', `import { b } from './b.js'; export const a = b;`);
  put('public:ccf.gov.modules', '/b.js', 'export const b = 1;');
  put('public:ccf.gov.modules_quickjs_bytecode', '/a.js', 'old');
  const refresh = (): unknown =>
    thrownBy(engine, 'ccf.refreshAppBytecodeCache()', { role: 'apply', call: { transaction } });
  assert.equal(refresh(), 'no error, but undefined');
  assert.equal(transaction.map('public:ccf.gov.modules_quickjs_bytecode').size, 0);
  put('public:ccf.gov.modules', '/b.js', 'export const c = 1;');
  assert.match(String(refresh()), /^InternalError: Failed to refresh bytecode: /);
});

engineTest('effects reach the node, of accepted proposals only', (engine) => {
  const { effects, seen } = recordingEffects();
  const apply = { role: 'apply' as const, call: { effects } };
  const body = `ccf.node.triggerLedgerRekey(); ccf.node.transitionServiceToOpen(undefined, ccf.strToBuf('next')); ccf.node.triggerRecoverySharesRefresh();
        ccf.node.triggerLedgerChunk(); return [ccf.network.getLatestLedgerSecretSeqno(), ccf.network.generateEndorsedCertificate('csr', 'from', 3), ccf.network.generateNetworkCertificate('from', 4)]`;
  assert.deepEqual(evaluate(engine, body, apply), [12, 'csr from 3', 'from 4']);
  assert.deepEqual(seen, [['rekey'], ['open', undefined, utf8('next')], ['shares'], ['chunk']]);
  for (const [expression, expected] of [
    [`ccf.node.triggerSnapshot()`, 'InternalError: Unable to request snapshot: no disk'],
    [`ccf.node.triggerLedgerRekey(1)`, 'TypeError: Passed 1 arguments but expected none'],
    [`ccf.node.transitionServiceToOpen(undefined)`, 'TypeError: Passed 1 arguments but expected two'],
    [
      `ccf.node.transitionServiceToOpen('p', ccf.strToBuf('n'))`,
      'TypeError: Previous service identity argument is not an array buffer',
    ],
    [`ccf.node.transitionServiceToOpen(undefined, undefined)`, 'InternalError: Proposal requires a service identity'],
    [
      `ccf.node.transitionServiceToOpen(undefined, 'n')`,
      'TypeError: Next service identity argument is not an array buffer',
    ],
    [`ccf.network.generateNetworkCertificate('from')`, 'TypeError: Passed 1 arguments but expected 2'],
    [`ccf.network.generateNetworkCertificate('from', -1)`, 'RangeError: number out of range'],
  ] as const) {
    assert.equal(thrownBy(engine, expression, apply), expected, expression);
  }
  assert.equal(
    thrownBy(engine, `ccf.node.triggerLedgerChunk()`, { role: 'apply' }),
    'InternalError: Unable to force ledger chunk: Failed to get governance effects object',
  );
});
