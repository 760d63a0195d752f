import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborArray, cborBytes, cborInteger, cborLabelledMap, cborText, concatBytes, utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { coseProtectedHeader } from '@enclos/cose';
import { failsWith } from '@enclos/testkit';
import {
  findServiceKey,
  readCoseEndorsement,
  readEndorsementFile,
  readEndorsementRecord,
  verifyNodeCertificate,
  writeEndorsementFile,
  writeEndorsementRecord,
  type ServiceEndorsement,
} from '../src/proof/index.ts';
import { coseSign, party, tools, type Party } from './little-service.ts';

/** Members of the protected header. */
interface Headers {
  readonly to?: string;
  readonly root?: Uint8Array;
  readonly others?: readonly (readonly [number, Uint8Array])[];
}

const [first, second, third] = [party('first'), party('second'), party('third')];

/** That `signer` vouches for `endorsed` from one transaction to another. */
function endorse(signer: Party, endorsed: Party, from: string, until?: string | Headers): Uint8Array {
  const { to, root, others: more = [] } = typeof until === 'string' ? { to: until } : (until ?? {});
  const members: [string, Uint8Array][] = [['epoch.start.txid', cborText(from)]];
  if (to !== undefined) members.push(['epoch.end.txid', cborText(to)]);
  if (root !== undefined) members.push(['epoch.end.merkle.root', cborBytes(root)]);
  const others = new Map<number | string, Uint8Array>([['ccf.v1', cborLabelledMap(members)], ...more]);
  const header = coseProtectedHeader({ algorithm: 'ES384', others });
  return coseSign(signer, header, endorsed.certificate.key.spki, false);
}

const findBy = (
  trusted: readonly Party[],
  of: Party,
  seqno: number,
  ...endorsements: readonly Uint8Array[]
): Promise<ServiceEndorsement> =>
  findServiceKey(
    { kid: utf8(of.id), transactionId: { view: 2, seqno } },
    trusted.map(({ certificate }) => certificate.key),
    endorsements,
    tools,
  );
const find = (of: Party, seqno: number, ...endorsements: readonly Uint8Array[]): Promise<ServiceEndorsement> =>
  findBy([third], of, seqno, ...endorsements);
const refusal = failsWith('LEDGER_UNPROVEN', 'endorsement');
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

test('any of the trusted identities may have made the newest endorsement, and without one there is none', async () => {
  const found = await findBy([first, third], second, 60, newest);
  assert.equal(found.trusted, third.certificate.key);
  await assert.rejects(
    findBy([first, party('stranger')], second, 60, newest),
    failsWith('LEDGER_UNPROVEN', 'signature'),
  );
  await assert.rejects(findBy([], second, 60, newest), refusal);
});

test('an endorsement counts for its time alone, from its first transaction to its last', async () => {
  for (const seqno of [51, 90]) assert.equal((await find(second, seqno, newest)).steps, 1);
  for (const seqno of [50, 91]) await assert.rejects(find(second, seqno, newest), refusal);
  await assert.rejects(find(first, 51, newest, oldest), refusal);
  for (const to of ['4.60', '4.51']) {
    await assert.rejects(find(first, 7, newest, endorse(second, first, '2.1', to)), refusal);
  }
});

test('with the key of an earlier identity nothing is made that counts for a later time', async () => {
  const stranger = party('stranger');
  const helper = party('helper of the stranger');
  // The stranger has the first key, which was for 2.1 to 2.50.
  const chains: readonly (readonly Uint8Array[])[] = [
    [endorse(first, stranger, '2.1')],
    [endorse(first, stranger, '2.1', '9.999')],
    // Times that end before they begin would leave the next one room.
    [endorse(first, helper, '9.999', '2.0'), endorse(helper, stranger, '2.1', '9.998')],
    // As would an endorsement of the own key, which has no end.
    [endorse(first, first, '9.999'), endorse(first, stranger, '2.1', '9.998')],
    [endorse(first, helper, '9.999'), endorse(helper, stranger, '2.1', '9.998')],
  ];
  for (const chain of chains) {
    await assert.rejects(find(stranger, 500, newest, oldest, ...chain), refusal);
  }
});

test('the endorsement of the own key, with which a service opens, leads nowhere and does no harm', async () => {
  const opening = [endorse(third, third, '6.91'), newest, endorse(second, second, '4.51'), oldest];
  assert.equal((await find(first, 7, ...opening)).steps, 2);
  const found = await findBy([first, third], second, 60, endorse(first, first, '2.1'), newest);
  assert.deepEqual([found.steps, found.trusted], [1, third.certificate.key]);
  await assert.rejects(find(party('stranger'), 7, ...opening, endorse(first, first, '2.1')), refusal);
});

test('the certificate of a node counts by who issued it, and not for the key that it is of', async () => {
  // For the key of the service, and yet another made it.
  const { certificate } = party('third', party('stranger'), false);
  const chain = { certificate, services: [third.certificate] };
  const refused = (endorsements: readonly string[], message: RegExp): Promise<void> =>
    assert.rejects(verifyNodeCertificate(chain.certificate, endorsements, chain.services, tools), (error: unknown) => {
      failsWith('LEDGER_UNPROVEN', 'certificate')(error);
      assert.match(String(error), message);
      return true;
    });
  await refused([], /certificate of the node/);
  await refused([party('stranger').pem], /last certificate of the chain/);
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

test('an endorsement says when it was made and with which root its ledger ended, and may be marked critical', () => {
  const root = new Uint8Array(32).fill(3);
  const claims = cborLabelledMap([[6, cborInteger(1_767_225_600)]]);
  const critical = cborArray(cborInteger(15), cborText('ccf.v1'));
  const full = readCoseEndorsement(
    endorse(third, second, '4.51', {
      to: '4.90',
      root,
      others: [
        [2, critical],
        [15, claims],
      ],
    }),
  );
  assert.deepEqual([full.lastRoot, full.issuedAt], [root, 1_767_225_600]);
  const { message, ...plain } = readCoseEndorsement(endorse(third, third, '6.91'));
  assert.deepEqual(plain, { key: third.certificate.key, from: { view: 6, seqno: 91 } });
  assert.deepEqual(message.payload, third.certificate.key.spki);
  const record = { endorsement: newest, endorsingKey: third.certificate.key.spki, begin: '6.91' };
  assert.deepEqual(readEndorsementRecord(writeEndorsementRecord(record)), record);
});

test('endorsements of another form are refused', () => {
  const refused = (read: () => unknown, message: RegExp): void => {
    assert.throws(read, { code: 'LEDGER_INVALID', message });
  };
  const header = coseProtectedHeader({ algorithm: 'ES384' });
  refused(() => readCoseEndorsement(coseSign(third, header, second.certificate.key.spki, true)), /holds no key/);
  refused(() => readCoseEndorsement(coseSign(third, header, second.certificate.key.spki, false)), /named like 2.18/);
  refused(
    () =>
      readCoseEndorsement(
        endorse(third, second, '4.51', {
          to: '4.90',
          root: new Uint8Array(33),
        }),
      ),
    /32/,
  );
  refused(() => readCoseEndorsement(new Uint8Array(1_048_577)), /more than 1048576 bytes/);
  const record = { endorsement: newest, endorsingKey: new Uint8Array(), begin: '2.1' };
  const long = '1'.repeat(65);
  for (const [changes, message] of [
    [{ endorsement_epoch_begin: long }, /endorsement\.endorsement_epoch_begin/],
    [{ endorsement_epoch_end: long }, /endorsement\.endorsement_epoch_end/],
    [{ endorsing_key: 'A'.repeat(1028) }, /endorsement\.endorsing_key/],
    [{ previous_version: -1 }, /endorsement\.previous_version/],
  ] as const) {
    const text = JSON.stringify({ ...JSON.parse(decodeUtf8(writeEndorsementRecord(record))), ...changes });
    refused(() => readEndorsementRecord(utf8(text)), message);
  }
  const longest = { ...record, endorsingKey: new Uint8Array(768), begin: long.slice(1), end: long.slice(1) };
  const widest = { ...longest, previousVersion: 0 };
  assert.deepEqual(readEndorsementRecord(writeEndorsementRecord(widest)), widest);
});

test('files of endorsements are bounded', () => {
  const most = Array.from({ length: 64 }, () => oldest);
  assert.deepEqual(readEndorsementFile(writeEndorsementFile(most)), most);
  const over = { code: 'LEDGER_INVALID', message: /more than 4194304 bytes/ };
  assert.throws(() => readEndorsementFile(new Uint8Array(4_194_305)), over);
  assert.throws(() => readEndorsementFile(new Uint8Array(4_194_304)), {
    code: 'LEDGER_INVALID',
    message: /^(?!.*more than)/,
  });
  assert.throws(() => readEndorsementFile(concatBytes(writeEndorsementFile(most), Uint8Array.of(0))), {
    code: 'LEDGER_INVALID',
  });
  const many = cborArray(...Array.from({ length: 65 }, () => cborBytes(oldest)));
  assert.throws(() => readEndorsementFile(many), failsWith('LEDGER_INVALID'));
  assert.throws(() => readCoseEndorsement(oldest.subarray(1)), failsWith('LEDGER_INVALID'));
});
