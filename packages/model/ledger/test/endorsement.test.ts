import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborArray, cborBytes, cborLabelledMap, cborText, utf8 } from '@enclos/codec';
import { coseProtectedHeader } from '@enclos/cose';
import { failsWith } from '@enclos/testkit';
import {
  findServiceKey,
  readCoseEndorsement,
  readEndorsementFile,
  readEndorsementRecord,
  writeEndorsementFile,
  writeEndorsementRecord,
  type ServiceEndorsement,
} from '../src/proof/index.ts';
import { coseSign, party, tools, type Party } from './little-service.ts';

const [first, second, third] = [party('first'), party('second'), party('third')];

/** That `signer` vouches for `endorsed` from one transaction to another. */
function endorse(signer: Party, endorsed: Party, from: string, to?: string): Uint8Array {
  const members: [string, Uint8Array][] = [['epoch.start.txid', cborText(from)]];
  if (to !== undefined) members.push(['epoch.end.txid', cborText(to)]);
  const others = new Map<number | string, Uint8Array>([['ccf.v1', cborLabelledMap(members)]]);
  const header = coseProtectedHeader({ algorithm: 'ES384', others });
  return coseSign(signer, header, endorsed.certificate.key.spki, false);
}

const find = (of: Party, seqno: number, ...endorsements: readonly Uint8Array[]): Promise<ServiceEndorsement> =>
  findServiceKey({ kid: utf8(of.id), transactionId: { view: 2, seqno } }, [third.certificate.key], endorsements, tools);
const newest = endorse(third, second, '4.51', '4.90');
const oldest = endorse(second, first, '2.1', '2.50');

test('a trusted key is found without endorsements, and earlier ones step by step', async () => {
  assert.equal((await find(third, 100)).steps, 0);
  assert.equal((await find(second, 60, newest, oldest)).steps, 1);
  const found = await find(first, 7, newest, oldest);
  assert.deepEqual(
    [found.steps, found.key.spki, found.trusted],
    [2, first.certificate.key.spki, third.certificate.key],
  );
});

test('a chain that does not lead to the key is refused', async () => {
  await assert.rejects(find(first, 7), failsWith('LEDGER_UNPROVEN', 'key'));
  await assert.rejects(find(first, 7, newest), failsWith('LEDGER_UNPROVEN', 'endorsement'));
  await assert.rejects(find(first, 7, oldest), failsWith('LEDGER_UNPROVEN', 'signature'));
  await assert.rejects(
    find(first, 7, newest, endorse(third, first, '2.1', '2.50')),
    failsWith('LEDGER_UNPROVEN', 'signature'),
  );
});

test('an endorsement counts for its time alone', async () => {
  await assert.rejects(find(first, 51, newest, oldest), failsWith('LEDGER_UNPROVEN', 'endorsement'));
  await assert.rejects(find(second, 50, newest), failsWith('LEDGER_UNPROVEN', 'endorsement'));
  const overlapping = endorse(second, first, '2.1', '4.60');
  await assert.rejects(find(first, 7, newest, overlapping), failsWith('LEDGER_UNPROVEN', 'endorsement'));
});

test('an endorsement and its record read back', () => {
  const { key, from, to } = readCoseEndorsement(newest);
  assert.deepEqual([key.spki, from, to], [second.certificate.key.spki, { view: 4, seqno: 51 }, { view: 4, seqno: 90 }]);
  const record = {
    endorsement: newest,
    endorsingKey: third.certificate.key.spki,
    begin: '4.51',
    end: '4.90',
    previousVersion: 3,
  };
  assert.deepEqual(readEndorsementRecord(writeEndorsementRecord(record)), record);
  assert.deepEqual(readEndorsementFile(writeEndorsementFile([newest, oldest])), [newest, oldest]);
});

test('files of endorsements are bounded', () => {
  const many = cborArray(...Array.from({ length: 65 }, () => cborBytes(oldest)));
  assert.throws(() => readEndorsementFile(many), failsWith('LEDGER_INVALID'));
  assert.throws(() => readEndorsementFile(new Uint8Array(4_194_305)), failsWith('LEDGER_INVALID'));
  assert.throws(() => readCoseEndorsement(oldest.subarray(1)), failsWith('LEDGER_INVALID'));
});
