import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { vectors } from '@enclos/testkit';
import { enclos, errorOf, jsonLines, temporaryFolder, type Ran } from '../../cli.ts';

const service = 'cose_flipflop_service';
const folder = temporaryFolder();
const member = ['--member-key', 'member0_enc_privk.pem'];
const certificate = ['--service-certificate', 'service_cert.pem'];

/** A copy of a public ledger, since tests change it. */
function copyLedger(name: string): string {
  const target = join(folder, name);
  mkdirSync(join(target, 'ledger'), { recursive: true });
  for (const file of vectors.list(`ccf/testdata/${service}/ledger`)) {
    writeFileSync(join(target, 'ledger', file), vectors.read(`ccf/testdata/${service}/ledger/${file}`));
  }
  return target;
}

function run(...argv: readonly string[]): Promise<Ran> {
  for (const file of ['service_cert.pem', 'member0_enc_privk.pem', 'member0_cert.pem']) {
    writeFileSync(join(folder, file), vectors.read(`ccf/testdata/${service}/common/${file}`));
  }
  return enclos(['ledger', ...argv], { cwd: folder });
}

vectors.test('a ledger is verified, and the command says what that proves', async () => {
  copyLedger('whole');
  const ran = await run('verify', 'whole', ...certificate, ...member);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /the ledger holds/);
  assert.match(ran.stdout, /46, 2\.1 to 2\.46/);
  assert.match(ran.stdout, /46 opened/);
  assert.match(ran.stdout, /This proves: the service signed exactly these transactions/);
  assert.match(ran.stdout, /It does not prove that nothing came later/);
  const { holds, trusted, lastSigned, problems } = (await run('verify', 'whole', ...certificate, '--json')).json();
  assert.deepEqual(
    { holds, trusted, lastSigned, problems },
    { holds: true, trusted: true, lastSigned: '2.46', problems: [] },
  );
});

vectors.test('without a certificate the ledger is taken at its own word, and the command says so', async () => {
  copyLedger('own-word');
  const ran = await run('verify', 'own-word');
  assert.equal(ran.code, 0);
  assert.match(ran.stdout, /taken at its own word/);
  assert.match(ran.stdout, /the service that this ledger names/);
});

vectors.test('a changed byte is refused, with its file, its place and its transaction', async () => {
  const path = join(copyLedger('changed'), 'ledger/ledger_1-14.committed');
  const bytes = readFileSync(path);
  // Within the first transaction, whose constitution is long.
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const ran = await run('verify', 'changed', ...certificate);
  assert.equal(ran.code, 3);
  assert.match(
    ran.stdout,
    /ledger_1-14\.committed, offset 8, transaction 2\.1: Transaction 2\.1 is not the one that was signed/,
  );
});

vectors.test('what a ledger calls its nodes is shown without what a terminal would obey', async () => {
  const path = join(copyLedger('named'), 'ledger/ledger_1-14.committed');
  const text = readFileSync(path, 'latin1');
  const [, id = ''] = /nodes\.endorsed_certificates[^]{0,64}?([0-9a-f]{64})/.exec(text) ?? [];
  const named = text.replaceAll(id, `\u001B[2J${id.slice(4)}`);
  assert.notEqual(named, text);
  writeFileSync(path, named, 'latin1');
  const ran = await run('verify', 'named', ...certificate);
  assert.equal(ran.code, 3, ran.stderr);
  assert.ok(ran.stdout.includes(`The certificate of node  [2J${id.slice(4)} is for the key of another node.`));
  assert.ok(!`${ran.stdout}${ran.stderr}`.includes('\u001B'));
});

vectors.test('a missing file is a gap', async () => {
  rmSync(join(copyLedger('gap'), 'ledger/ledger_1-14.committed'));
  const { problems } = (await run('verify', 'gap', ...certificate, '--json')).json();
  assert.equal((problems as { rule: string }[])[0]?.rule, 'gap');
  const part = await run('verify', 'gap', ...certificate, '--part');
  assert.equal(part.code, 0, part.stdout);
  assert.match(part.stdout, /begin with transaction 15/);
});

vectors.test('receipts of both forms are made from the files, and verified', async () => {
  copyLedger('receipts');
  for (const [format, transaction] of [
    ['json', '2.41'],
    ['cose', '2.13'],
  ] as const) {
    const out = `receipt.${format}`;
    const options = ['--transaction', transaction, '--format', format, '--out', out];
    const made = await run('receipt', 'receipts', ...options, ...member, ...certificate, '--json');
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.json()['verified'], true);
    const verified = await run('verify', out, ...certificate, '--claims-digest', '00'.repeat(32));
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /the receipt holds/);
    assert.ok(verified.stdout.includes(transaction));
    const other = await run('verify', out, ...certificate, '--claims-digest', '11'.repeat(32), '--json');
    assert.equal(errorOf(other).code, 'LEDGER_UNPROVEN');
    assert.equal(other.code, 3);
  }
  const without = await run('receipt', 'receipts', '--transaction', '2.41', '--out', 'none.json', '--json');
  assert.equal(errorOf(without).code, 'LEDGER_UNAVAILABLE');
  const unknown = await run('receipt', 'receipts', '--transaction', '2.400', '--out', 'none.json', ...member, '--json');
  assert.equal(errorOf(unknown).code, 'LEDGER_UNAVAILABLE');
});

vectors.test('a receipt of another service is refused', async () => {
  copyLedger('stranger');
  await run('receipt', 'stranger', '--transaction', '2.41', '--out', 'own.json', ...member);
  const other = vectors.read('ccf/testdata/sgx_service/common/service_cert.pem');
  writeFileSync(join(folder, 'other.pem'), other);
  const ran = await run('verify', 'own.json', '--service-certificate', 'other.pem', '--json');
  assert.equal(errorOf(ran).code, 'LEDGER_UNPROVEN');
});

vectors.test('a snapshot is verified by its receipt', async () => {
  const name = 'snapshot_138_139.committed';
  writeFileSync(join(folder, name), vectors.read(`ccf/testdata/sgx_service/snapshots/${name}`));
  writeFileSync(join(folder, 'sgx.pem'), vectors.read('ccf/testdata/sgx_service/common/service_cert.pem'));
  const ran = await run('verify', name, '--service-certificate', 'sgx.pem');
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /the state after transaction 138/);
});

vectors.test('a snapshot from before a recovery is refused with its name, and with what it needs', async () => {
  const file = 'snapshot_99_100.committed';
  const path = join(folder, file);
  writeFileSync(path, vectors.read(`ccf/testdata/sgx_service/snapshots/${file}`));
  writeFileSync(join(folder, 'latest.pem'), vectors.read('ccf/testdata/sgx_service/common/service_cert.pem'));
  const refused = errorOf(await run('verify', file, '--service-certificate', 'latest.pem', '--json'));
  assert.equal(refused.code, 'LEDGER_UNPROVEN');
  assert.match(refused.message, /^snapshot_99_100\.committed: .* before a recovery needs the certificate/);
  assert.deepEqual(refused['details'], { rule: 'certificate' });
});

vectors.test('one transaction at the end without a signature is told in words', async () => {
  const cut = join(copyLedger('unsigned'), 'ledger');
  const bytes = readFileSync(join(cut, 'ledger_15-46.committed'));
  // The last offset of the table is that of the last entry, which signs the one before.
  const end = bytes.readUInt32LE(bytes.length - 4);
  rmSync(join(cut, 'ledger_15-46.committed'));
  writeFileSync(join(cut, 'ledger_15'), Buffer.concat([Buffer.alloc(8), bytes.subarray(8, end)]));
  const { code, stdout } = await run('verify', 'unsigned', ...certificate);
  assert.equal(code, 0);
  assert.match(stdout, /The last transaction is not signed yet: nothing covers it\./);
});

vectors.test('transactions are shown, private ones with the keys of members', async () => {
  copyLedger('shown');
  const closed = await run('show', 'shown', '--from', '39', '--to', '39', '--values');
  assert.match(closed.stdout, /2\.39 .* private/);
  assert.doesNotMatch(closed.stdout, /hello/);
  const open = await run('show', 'shown', '--from', '39', '--to', '39', '--values', ...member);
  assert.match(open.stdout, /records/);
  assert.match(open.stdout, /42 = hello/);
  assert.match(
    (await run('show', 'shown', '--from', '99')).stdout,
    /No transaction matches\. The files end with seqno 46\./,
  );
  const maps = (await run('show', 'shown', '--map', 'public:ccf.gov.proposals', '--json')).json()['transactions'];
  assert.equal((maps as unknown[]).length > 0, true);
});

vectors.test('transactions are exported, one a line', async () => {
  copyLedger('exported');
  const ran = await run('export', 'exported', '--out', 'all.jsonl', '--map', 'records', ...member);
  assert.equal(ran.code, 0, ran.stderr);
  const lines = jsonLines(readFileSync(join(folder, 'all.jsonl'), 'utf8'));
  assert.equal(lines.length, 13);
  assert.deepEqual(lines[0]?.['maps'], [{ name: 'records', writes: [{ key: '42', value: 'hello' }], removes: [] }]);
});

vectors.test('a key that is of no member opens nothing', async () => {
  copyLedger('closed');
  const ran = await run('verify', 'closed', '--member-key', 'member0_cert.pem', '--json');
  assert.equal(errorOf(ran).code, 'CLI_FILE_INVALID');
  assert.match(errorOf(ran).message, /member0_cert\.pem is not the private encryption key of a member/);
  writeFileSync(join(folder, 'secret'), '00'.repeat(32));
  const wrong = await run('verify', 'closed', '--secret', 'secret', '--json');
  assert.equal(wrong.json()['holds'], false);
  writeFileSync(join(folder, 'secret'), 'no secret');
  assert.equal(errorOf(await run('verify', 'closed', '--secret', 'secret', '--json')).code, 'CLI_FILE_INVALID');
});

test('what is not a ledger is refused with what to give instead', async () => {
  const empty = temporaryFolder();
  cpSync(import.meta.filename, join(empty, 'notes.txt'));
  const codeOf = async (...argv: readonly string[]): Promise<string> =>
    errorOf(await enclos(['ledger', ...argv, '--json'], { cwd: empty })).code;
  assert.equal(await codeOf('verify', '.'), 'CLI_FILE_INVALID');
  assert.equal(await codeOf('show', '.'), 'CLI_FILE_INVALID');
  assert.equal(await codeOf('verify', 'absent'), 'CLI_FILE_UNREADABLE');
  assert.equal(await codeOf('verify', 'notes.txt'), 'CLI_USAGE');
  assert.equal(await codeOf('verify', '.', '--service-certificate', 'notes.txt'), 'CLI_FILE_INVALID');
  assert.equal(await codeOf('receipt', '.', '--transaction', 'two', '--out', 'out'), 'CLI_USAGE');
  assert.equal(await codeOf('show', '.', '--from', '0'), 'CLI_USAGE');
  assert.equal(await codeOf('show', '.', '--from', '3', '--to', '2'), 'CLI_USAGE');
  assert.equal(await codeOf('verify', 'notes.txt', '--secret', 'notes.txt'), 'CLI_USAGE');
  assert.equal(await codeOf('verify', '.', '--secret', 'a', '--member-key', 'b'), 'CLI_FILE_INVALID');
});
