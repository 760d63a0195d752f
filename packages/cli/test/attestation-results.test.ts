import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cborArray, cborBytes, cborTag, cborText, cborUnsigned, concatBytes, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { readCwt } from '../src/evidence/tokens/cwt.ts';
import { earAppraisals } from '../src/evidence/tokens/ear.ts';
import { recognise } from '../src/evidence/recognise.ts';
import { explain } from '../src/explain/explain.ts';
import { enclos, temporaryFolder } from './cli.ts';

const folder = temporaryFolder();
const put = (content: Uint8Array | string): string => {
  writeFileSync(join(folder, 'result'), content);
  return 'result';
};

const collateral = 'collateral.json';
writeFileSync(join(folder, collateral), '{}');

const profile = 'tag:github.com,2023:veraison/ear';
const vector = {
  'instance-identity': 2,
  configuration: 0,
  executables: 33,
  hardware: 96,
  'file-system': -2,
  other: 128,
};
const claims = {
  eat_profile: profile,
  iat: 1_666_529_184,
  'ear.verifier-id': { developer: 'https://veraison-project.org', build: 'vts 0.0.1' },
  submods: {
    PSA_IOT: {
      'ear.status': 'contraindicated',
      'ear.appraisal-policy-id': 'policy:PSA_IOT',
      'ear.trustworthiness-vector': vector,
    },
    second: { 'ear.status': 'affirming' },
  },
};
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = `${b64({ alg: 'ES256' })}.${b64(claims)}.${b64('signature')}`;

type Value = number | string | boolean | null | Uint8Array | readonly Value[] | ReadonlyMap<number | string, Value>;

function cbor(value: Value): Uint8Array {
  if (typeof value === 'number' && value < 0) {
    const bytes = cborUnsigned(-1 - value);
    return bytes.map((byte, index) => (index === 0 ? byte | 0x20 : byte));
  }
  if (typeof value === 'number') return cborUnsigned(value);
  if (typeof value === 'string') return cborText(value);
  if (typeof value === 'boolean' || value === null) return Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  if (value instanceof Uint8Array) return cborBytes(value);
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<number | string, Value>)].flatMap(([name, item]) => [
      cbor(name),
      cbor(item),
    ]);
    return concatBytes(Uint8Array.of(0xa0 | value.size), ...members);
  }
  return cborArray(...(value as readonly Value[]).map(cbor));
}

const cborClaims = new Map<number | string, Value>([
  [265, profile],
  [6, 1_666_529_184],
  [
    1004,
    new Map<number, Value>([
      [0, 'https://veraison-project.org'],
      [1, 'vts 0.0.1'],
    ]),
  ],
  [
    266,
    new Map<string, Value>([
      [
        'PSA_IOT',
        new Map<number, Value>([
          [1000, 96],
          [1003, 'policy:PSA_IOT'],
          [
            1001,
            new Map<number, Value>([
              [0, 2],
              [1, 0],
              [2, 33],
              [4, 96],
              [3, -2],
              [9, 128],
            ]),
          ],
          [1002, Uint8Array.of(1, 2, 3)],
        ]),
      ],
      ['second', new Map<number, Value>([[1000, 2]])],
    ]),
  ],
]);

function coseSign1(payload: Value, header: Value = new Map<number, Value>([[1, -7]])): Uint8Array {
  const parts = [cborBytes(cbor(header)), cbor(new Map()), cborBytes(cbor(payload)), cborBytes(new Uint8Array(64))];
  return cborTag(18, cborArray(...parts));
}

test('an attestation result is explained to the status of each part, and said to be unverified', async () => {
  for (const [content, title] of [
    [jwt, 'An attestation result (EAR), a JSON web token'],
    [coseSign1(cborClaims), 'An attestation result (EAR), a CBOR web token'],
    [concatBytes(Uint8Array.of(0xd8, 0x3d), coseSign1(cborClaims)), 'An attestation result (EAR), a CBOR web token'],
  ] as const) {
    const { code, stdout } = await enclos(['explain', put(content)], { cwd: folder });
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`${title}\n`), stdout);
    assert.match(stdout, /├─ result +the conclusion of a verifier +enclos does not verify it: check its signature/);
    assert.match(stdout, /├─ verifier +\{"developer":"https:\/\/veraison-project\.org","build":"vts 0\.0\.1"\}/);
    assert.match(stdout, /├─ profile +tag:github\.com,2023:veraison\/ear/);
    assert.match(
      stdout,
      /appraisal of PSA_IOT\n│ {2}├─ status +contraindicated +the verifier found a reason not to trust it\n/,
    );
    assert.match(stdout, /├─ policy +policy:PSA_IOT\n/);
    assert.match(stdout, /instance-identity +2 +affirming\n/);
    assert.match(stdout, /configuration +0 +none\n/);
    assert.match(stdout, /executables +33 +warning\n/);
    assert.match(stdout, /hardware +96 +contraindicated\n/);
    assert.match(stdout, /file-system +-2 +affirming\n/);
    assert.match(stdout, /128 +not a value of a trustworthiness claim\n/);
    assert.match(stdout, /appraisal of second\n│ {2}└─ status +affirming +the verifier found it in order\n/);
    assert.match(stdout, /in the names of|an EAR: an attestation result/);
  }
});

test('an attestation result is not evidence, and verify says what it is', async () => {
  for (const content of [jwt, coseSign1(cborClaims)]) {
    const ran = await enclos(['verify', put(content), '--collateral', collateral, '--amd-root', '--json'], {
      cwd: folder,
    });
    assert.equal(ran.code, 3);
    assert.match(
      String(ran.json()['reason']),
      /^This is an attestation result \(EAR\), a \w+ web token\. A token is the answer/,
    );
  }
});

test('results are known by profile, by a status, and not by their names alone', () => {
  const known = [
    claims,
    { 'ear.status': 'warning' },
    { submods: { a: { 'ear.status': 0 } } },
    { eat_profile: 'tag:ietf.org,2026:rats/ear#01' },
    { eat_profile: profile, submods: 7 },
  ];
  for (const each of known) assert.notEqual(earAppraisals(each), undefined, JSON.stringify(each));
  const others = [{}, { iss: 'x' }, { eat_profile: 'tag:psacertified.org,2023:psa#tfm' }, { submods: { a: { b: 1 } } }];
  for (const each of others) assert.equal(earAppraisals(each), undefined, JSON.stringify(each));
});

test('what is not a signed map of claims is not a token in CBOR', () => {
  const good = coseSign1(cborClaims);
  assert.notEqual(readCwt(good), undefined);
  const twice = Uint8Array.of(0xa2, ...cbor(6), ...cbor(1), ...cbor('iat'), ...cbor(2));
  const withPayload = (payload: Uint8Array): Uint8Array => {
    return cborTag(
      18,
      cborArray(cborBytes(cbor(new Map())), cbor(new Map()), cborBytes(payload), cborBytes(new Uint8Array(1))),
    );
  };
  for (const bytes of [
    new Uint8Array(),
    good.subarray(0, -1),
    concatBytes(good, Uint8Array.of(0)),
    cborTag(17, good.subarray(1)),
    cborTag(18, cborArray(cborBytes(new Uint8Array()), cborBytes(new Uint8Array()))),
    coseSign1('text'),
    coseSign1([1]),
    coseSign1(cborClaims, 'text'),
    withPayload(utf8('{"iss":"x"}')),
    withPayload(twice),
    withPayload(concatBytes(cbor(new Map([[6, 1]])), Uint8Array.of(0))),
  ]) {
    assert.equal(readCwt(bytes), undefined);
    assert.notEqual(recognise(bytes).form, 'cwt');
  }
});

test('a key that is text is a claim under that name, and never one that has a number', () => {
  const named = new Map<string, Value>(['1000', '4', 'constructor', 'toString', '__proto__'].map((name) => [name, 2]));
  const read = readCwt(coseSign1(named))?.claims ?? {};
  assert.deepEqual(new Map(Object.entries(read)), named);
  assert.equal(earAppraisals(read), undefined);
});

test('a status that is none of the four has no meaning', () => {
  for (const status of ['constructor', 'toString', '__proto__', '2', [2], ['affirming'], 3, -1, null]) {
    const token = `${b64({ alg: 'ES256' })}.${b64({ eat_profile: profile, 'ear.status': status })}.${b64('signature')}`;
    const appraisal = explain(utf8(token)).nodes.find(({ label }) => label === 'appraisal');
    const [shown] = appraisal?.children ?? [];
    const value = typeof status === 'string' ? status : JSON.stringify(status);
    assert.deepEqual([shown?.value, shown?.note], [value, undefined]);
  }
});

test('depth and number of claims are bounded', () => {
  let deep: Value = 1;
  for (let level = 0; level < 12; level++) deep = new Map([[level, deep]]);
  const wide = Array.from({ length: 20 }, () => Array.from({ length: 200 }, () => 1));
  for (const value of [deep, wide]) {
    const found = readCwt(coseSign1(new Map<number, Value>([[6, value]])));
    const text = JSON.stringify(found?.claims ?? {});
    assert.ok(text.length < 8192, `${text.length} characters`);
  }
});

test('whatever the bytes are, a token comes out or nothing', () => {
  const good = coseSign1(cborClaims);
  const mutated = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }).map((changes) => {
    const bytes = good.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.uint8Array({ maxLength: 100 }).map((tail) => concatBytes(Uint8Array.of(0xd2), tail)),
      ),
      (bytes) => {
        readCwt(bytes);
        assert.notEqual(explain(bytes).title, '');
      },
    ),
    { numRuns: 500 },
  );
});
