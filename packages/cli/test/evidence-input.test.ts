import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { pem, snpScenario } from '@enclos/evidence-kit';
import { enclos, errorOf, temporaryFolder } from './cli.ts';
import { certificateWith, openEnclaveReport, writeKit } from './kit-evidence.ts';

const folder = temporaryFolder();
const { made, options, verify } = writeKit(folder, 'sgx');
const { quote } = made;
const tdx = writeKit(folder, 'tdx', { kind: 'tdx-v5-td15' });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const lines = (text: string): string => text.replaceAll(/(.{64})/g, '$1\n');

function put(content: Uint8Array | string): string {
  const name = `in-${randomBytes(6).toString('hex')}`;
  writeFileSync(join(folder, name), content);
  return name;
}

/** Each: how the quote comes, and the way to it. */
const forms: readonly (readonly [name: string, content: Uint8Array | string, foundIn: readonly string[]])[] = [
  ['bytes', quote, []],
  ['bytes with others after them', concatBytes(quote, new Uint8Array(70)), []],
  ['hex', toHex(quote), ['hex']],
  ['hex in upper case with a line break', `${toHex(quote).toUpperCase()}\n`, ['hex']],
  ['hex with 0x', `0x${toHex(quote)}`, ['hex']],
  ['base64', base64(quote), ['base64']],
  ['base64 in lines', lines(base64(quote)), ['base64']],
  ['base64url', base64url(quote), [/[-_]/.test(base64url(quote)) ? 'base64url' : 'base64']],
  ['PEM', pem(quote, 'QUOTE'), []],
  ['an OE report', openEnclaveReport(quote), ['Open Enclave report']],
  ['an OE report in base64url', base64url(openEnclaveReport(quote)), ['base64url', 'Open Enclave report']],
  ['JSON', JSON.stringify({ quote: base64(quote), runtimeData: {} }), ['member quote', 'base64']],
  [
    'JSON in JSON',
    JSON.stringify({ report: base64url(utf8(JSON.stringify({ q: toHex(quote) }))) }),
    ['member report', 'base64', 'member q', 'hex'],
  ],
  ['JSON with a list of bytes', JSON.stringify({ evidence: { quote: [...quote] } }), ['member evidence.quote']],
];

for (const [name, content, foundIn] of forms) {
  test(`a quote as ${name} is verified`, async () => {
    const ran = await verify(['--json'], put(content));
    assert.equal(ran.code, 0, ran.stdout);
    const { status, foundIn: found, trailingBytes } = ran.json();
    const loose = (path: unknown): unknown =>
      Array.isArray(path) ? path.map((part) => String(part).replace('base64url', 'base64')) : path;
    assert.deepEqual([status, loose(found)], ['OK', loose(foundIn)]);
    assert.equal(trailingBytes, name === 'bytes with others after them' ? 70 : 0);
    const explained = await enclos(['explain', put(content), '--json'], { cwd: folder });
    assert.equal(explained.code, 0);
    assert.notEqual(explained.json()['kind'], 'unknown');
  });
}

test('standard input is read', async () => {
  for (const content of [quote, utf8(toHex(quote))]) {
    assert.equal((await verify([], '-', { stdin: [content.subarray(0, 10), content.subarray(10)] })).code, 0);
  }
});

test('bytes after the quote are told to people', async () => {
  const ran = await verify([], put(concatBytes(quote, new Uint8Array(3))));
  assert.match(ran.stdout, /\n⚠ 3 bytes follow the quote\. They are not part of it, and were ignored\.\n/);
});

test('more than one piece of evidence is not chosen from', async () => {
  const ran = await verify(['--json'], put(JSON.stringify({ a: toHex(quote), b: toHex(tdx.made.quote) })));
  assert.equal(ran.code, 2);
  assert.match(
    errorOf(ran).message,
    /^There is more than one piece of evidence: a DCAP quote \(member a, hex\); a DCAP quote \(member b, hex\)/,
  );
  assert.equal(
    (await verify([], put(JSON.stringify({ a: toHex(quote), b: base64(quote) })))).code,
    0,
    'the same twice',
  );
});

const header = { alg: 'RS256' };
const token = [header, { iss: 'https://example.com' }].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');

/** Each: what is no evidence, and what is said of it. */
const wrong: readonly (readonly [name: string, content: Uint8Array | string, sentence: RegExp])[] = [
  ['PNG', concatBytes(Uint8Array.of(0x89), utf8('PNG\r\n'), new Uint8Array(64)), /^This is a PNG image, and no quote/],
  ['ZIP', concatBytes(utf8('PK'), Uint8Array.of(3, 4), new Uint8Array(64)), /^This is a ZIP file, /],
  ['ELF', concatBytes(Uint8Array.of(0x7f), utf8('ELF'), new Uint8Array(64)), /^This is an ELF file/],
  ['gzip', concatBytes(Uint8Array.of(0x1f, 0x8b), new Uint8Array(64)), /^This is a gzip file, /],
  ['text', 'Dear verifier, please.', /^This is text, /],
  ['nothing', '', /^This is an empty file, /],
  ['zeros', new Uint8Array(2000), /^This is a binary file of an unknown kind, /],
  [
    'a PEM key',
    made.root.certificate.replaceAll('CERTIFICATE', 'PUBLIC KEY'),
    /^This is (a key|an X\.509 certificate), /,
  ],
  ['a certificate without evidence', made.root.certificate, /^This is an X\.509 certificate, /],
  ['the same in DER', certificateWith([]), /^This is an X\.509 certificate, /],
  ['a damaged certificate', certificateWith([]).subarray(0, 200), /^This is a DER file/],
  ['JSON without evidence', '{"a": 1}', /^This is JSON, /],
  ['broken JSON', '{"a": ', /^This is text that begins like JSON and is not, /],
  ['a token', `${token}.c2ln`, /^This is a JSON web token\. .* answer of a verifier/],
  [
    'a local report of Open Enclave',
    openEnclaveReport(new Uint8Array(432), 1),
    /^This is a local report of Open Enclave/,
  ],
  ['hex of something else', toHex(utf8('hello, world, hello')), /^This is text, /],
  ['another version of quotes', concatBytes(Uint8Array.of(6, 0, 2, 0), quote.subarray(4)), /^This is a binary file/],
];

for (const [name, content, sentence] of wrong) {
  test(`${name} is refused with what it is`, async () => {
    const file = put(content);
    const ran = await verify(['--json'], file);
    assert.equal(ran.code, 3);
    const { status, step, reason, appraised } = ran.json();
    assert.deepEqual([status, step, appraised], ['UNSUPPORTED_QUOTE_FORMAT', 'quote-format', false]);
    assert.match(String(reason), sentence);
    assert.equal(errorOf(ran).code, 'EVIDENCE_REFUSED');
    const explained = await enclos(['explain', file], { cwd: folder });
    assert.deepEqual([explained.code, explained.stderr], [0, '']);
    assert.notEqual(explained.stdout, '');
  });
}

/** Where a part of the quote ends, and around it. */
function boundaries(size: number): readonly number[] {
  const parts = [
    1,
    2,
    4,
    8,
    12,
    28,
    48,
    54,
    432,
    436,
    500,
    564,
    702,
    706,
    770,
    834,
    836,
    840,
    948,
    1012,
    1014,
    1046,
    1048,
    1052,
    size,
  ];
  return [...new Set(parts.flatMap((at) => [at - 1, at, at + 1]))].filter((at) => at > 0 && at < size);
}

for (const {
  made: { quote: whole, kind },
  verify: check,
} of [{ made, verify }, tdx]) {
  test(`a ${kind} quote that ends at any boundary is refused, and explained as far as it goes`, async () => {
    for (const size of boundaries(whole.length)) {
      const file = put(whole.subarray(0, size));
      const ran = await check(['--json'], file);
      assert.deepEqual(
        [ran.code, ran.json()['status'], ran.json()['step']],
        [3, 'UNSUPPORTED_QUOTE_FORMAT', 'quote-format'],
        `${size} bytes`,
      );
      const explained = await enclos(['explain', file], { cwd: folder });
      assert.equal(explained.code, 0);
      if (size >= 4) assert.match(explained.stdout, /cut off|cannot be told apart|missing/, `${size} bytes`);
    }
  });
}

test('a file of 100 MB is refused with what it begins like', async () => {
  writeFileSync(join(folder, 'large'), concatBytes(utf8('PK'), Uint8Array.of(3, 4)));
  truncateSync(join(folder, 'large'), 100_000_000);
  for (const command of [
    ['verify', 'large', ...options],
    ['explain', 'large'],
    ['policy', 'init', 'large'],
  ]) {
    const ran = await enclos([...command, '--json'], { cwd: folder });
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID']);
    assert.match(
      errorOf(ran).message,
      /is larger than 1048576 bytes, which no evidence is; it begins like a ZIP file\.$/,
    );
  }
});

test('standard input without an end is read no further than evidence goes', async () => {
  let read = 0;
  const endless = function* (): Generator<Uint8Array> {
    for (;;) {
      read += 65_536;
      yield new Uint8Array(65_536);
    }
  };
  const ran = await verify(['--json'], '-', { stdin: endless() });
  assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_FILE_INVALID']);
  assert.ok(read <= 2 * 1024 * 1024);
});

test('standard input may come byte by byte', async () => {
  const bytes = concatBytes(quote, new Uint8Array(200_000));
  const single = function* (): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
  };
  const ran = await verify(['--json'], '-', { stdin: single() });
  assert.deepEqual([ran.code, ran.json()['trailingBytes']], [0, 200_000]);
});

test('collateral as evidence is named', async () => {
  const ran = await enclos(['explain', 'sgx.json'], { cwd: folder });
  assert.match(ran.stdout, /collateral {2}what evidence is verified with {2}give it to `enclos verify --collateral`/);
});

test('a report of SEV-SNP is explained, also in the answer of its firmware and with others after it', async () => {
  const { report } = snpScenario({ product: 'Turin', rsaBits: 2048 });
  const answer = concatBytes(new Uint8Array(4), Uint8Array.of(0xa0, 4, 0, 0), new Uint8Array(24), report);
  for (const content of [report, concatBytes(report, new Uint8Array(9)), answer, base64(answer)]) {
    const ran = await enclos(['explain', put(content)], { cwd: folder });
    assert.match(ran.stdout, /0090 measurement .* {2}the launch digest: what the guest began with\n/);
    assert.match(ran.stdout, /0180 reported TCB .*\n.* FMC /);
  }
  for (const size of [56, 100, 0x180, 1183]) {
    const ran = await enclos(['explain', put(report.subarray(0, size))], { cwd: folder });
    assert.match(ran.stdout, /^SEV-SNP attestation report\n[^]*cut off/, `${size} bytes`);
  }
});
