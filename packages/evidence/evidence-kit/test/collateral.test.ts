import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, utf8 } from '@enclos/codec';
import {
  components,
  formatDate,
  keyRing,
  pcsBody,
  publicKeyInfo,
  signDocument,
  tcbInfoVersion2,
  type TcbInfoJson,
} from '../src/index.ts';

const info: TcbInfoJson = {
  id: 'TDX',
  version: 3,
  issueDate: '2026-01-01T00:00:00Z',
  nextUpdate: '2026-02-01T00:00:00Z',
  fmspc: '00906ED50000',
  pceId: '0000',
  tcbType: 0,
  tcbEvaluationDataNumber: 17,
  tdxModuleIdentities: [],
  tcbLevels: [
    {
      tcb: { sgxtcbcomponents: components(1, 2, 3), pcesvn: 13, tdxtcbcomponents: components(5) },
      tcbDate: '2024-03-13T00:00:00Z',
      tcbStatus: 'UpToDate',
    },
  ],
};

test('a signature covers exactly the text', () => {
  const key = keyRing('documents').key('signer');
  const text = JSON.stringify(info, null, 1);
  const document = signDocument(text, key);
  const publicKey = createPublicKey({ key: Buffer.from(publicKeyInfo(key)), format: 'der', type: 'spki' });
  const holds = (data: string): boolean =>
    verify('sha256', utf8(data), { key: publicKey, dsaEncoding: 'ieee-p1363' }, fromHex(document.signature));
  assert.ok(holds(text));
  assert.ok(!holds(JSON.stringify(info)));
  assert.equal(pcsBody('tcbInfo', document), `{"tcbInfo":${text},"signature":"${document.signature}"}`);
});

test('components are sixteen, the last one repeated', () => {
  const svns = components(1, 2, 3).map(({ svn }) => svn);
  assert.deepEqual(svns, [1, 2, ...Array.from({ length: 14 }, () => 3)]);
  assert.equal(components().length, 16);
});

test('version 2 names its components and knows nothing of TDX', () => {
  const old = JSON.parse(JSON.stringify(tcbInfoVersion2(info))) as Record<string, unknown>;
  assert.deepEqual(Object.keys(old), [
    'version',
    'issueDate',
    'nextUpdate',
    'fmspc',
    'pceId',
    'tcbType',
    'tcbEvaluationDataNumber',
    'tcbLevels',
  ]);
  const [level] = old['tcbLevels'] as readonly { readonly tcb: Readonly<Record<string, number>> }[];
  assert.equal(old['version'], 2);
  assert.deepEqual([level?.tcb['sgxtcbcomp01svn'], level?.tcb['sgxtcbcomp16svn'], level?.tcb['pcesvn']], [1, 3, 13]);
  assert.equal(Object.keys(level?.tcb ?? {}).length, 17);
});

test('dates have whole seconds', () => {
  assert.equal(formatDate(new Date('2026-01-02T03:04:05.678Z')), '2026-01-02T03:04:05Z');
});
