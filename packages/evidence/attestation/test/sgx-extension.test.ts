import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseSgxExtension } from '../src/dcap/tcb/sgx-extension.ts';
import { boolean, integer, objectIdentifier, octetString, sequence, tlv } from './der-writer.ts';

const sgx = '1.2.840.113741.1.13.1';
const entry = (id: string, ...value: readonly Uint8Array[]): Uint8Array =>
  sequence(objectIdentifier(`${sgx}${id}`), ...value);
const octets = (length: number, fill = 0): Uint8Array => octetString(new Uint8Array(length).fill(fill));
const enumerated = (value: number): Uint8Array => tlv(0x0a, Uint8Array.of(value));

type Values = Readonly<Record<string, Uint8Array | undefined>>;

const goodTcb: Values = {
  ...Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`.2.${index + 1}`, integer(index)])),
  '.2.17': integer(7),
  '.2.18': octets(16, 1),
};
const goodValues: Values = {
  '.1': octets(16, 2),
  '.3': octets(2, 3),
  '.4': octets(6, 4),
  '.5': enumerated(0),
};

/** Undefined leaves an entry out. */
function entries(good: Values, changes: Values): readonly Uint8Array[] {
  return Object.entries({ ...good, ...changes }).flatMap(([id, value]) =>
    value === undefined ? [] : [entry(id, value)],
  );
}

const extension = (changes: Values, tcbChanges: Values = {}): Uint8Array =>
  sequence(...entries({ ...goodValues, '.2': sequence(...entries(goodTcb, tcbChanges)) }, changes));

const common = {
  ppid: '02'.repeat(16),
  tcbComponents: Array.from({ length: 16 }, (_, index) => index),
  pceSvn: 7,
  cpuSvn: '01'.repeat(16),
  pceId: '0303',
  fmspc: '04'.repeat(6),
};

for (const [value, sgxType] of ['standard', 'scalable', 'scalable-with-integrity'].entries()) {
  test(`an SGX extension of the Processor CA, of type ${sgxType}`, () => {
    assert.deepEqual(parseSgxExtension(extension({ '.5': enumerated(value) })), { ...common, sgxType });
  });
}

test('an SGX extension of the Platform CA says which instance it is, and how it is configured', () => {
  for (const number of [1, 2, 3]) {
    const configuration = sequence(entry(`.7.${number}`, boolean(true)));
    assert.deepEqual(parseSgxExtension(extension({ '.6': octets(16, 6), '.7': configuration })), {
      ...common,
      sgxType: 'standard',
      platformInstanceId: '06'.repeat(16),
      configuration: { dynamicPlatform: number === 1, cachedKeys: number === 2, smtEnabled: number === 3 },
    });
  }
});

test('the highest security versions are read', () => {
  const platform = parseSgxExtension(extension({}, { '.2.1': integer(255), '.2.17': integer(65_535) }));
  assert.deepEqual([platform.tcbComponents[0], platform.pceSvn], [255, 65_535]);
});

const wrong: readonly (readonly [what: string, changes: Values, tcbChanges?: Values])[] = [
  ['a component over 255', {}, { '.2.16': integer(256) }],
  ['a PCESVN over 65535', {}, { '.2.17': integer(65_536) }],
  ['another entry in the TCB', {}, { '.2.19': integer(1) }],
  ['another entry', { '.8': integer(1) }],
  ['another entry in the configuration', { '.7': sequence(entry('.7.4', boolean(true))) }],
  ['a configuration that is a number', { '.7': sequence(entry('.7.1', integer(1))) }],
  ['a type that is not known', { '.5': enumerated(3) }],
  ...Object.keys(goodTcb).map((id) => [`no ${id}`, {}, { [id]: undefined }] as const),
  ...['.1', '.2', '.3', '.4', '.5'].map((id) => [`no ${id}`, { [id]: undefined }] as const),
  ...(
    [
      ['.1', 16],
      ['.3', 2],
      ['.4', 6],
      ['.6', 16],
    ] as const
  ).flatMap(([id, length]) =>
    [length - 1, length + 1].map((other) => [`${other} bytes for ${id}`, { [id]: octets(other) }] as const),
  ),
  ['15 bytes for .2.18', {}, { '.2.18': octets(15) }],
  ['17 bytes for .2.18', {}, { '.2.18': octets(17) }],
];

const refuses = (value: Uint8Array): void =>
  assert.throws(
    () => parseSgxExtension(value),
    (error) => isEnclosError(error),
  );

for (const [what, changes, tcbChanges] of wrong) {
  test(`an SGX extension with ${what} is refused`, () => refuses(extension(changes, tcbChanges)));
}

test('an SGX extension with an entry twice, a longer entry or bytes after it is refused', () => {
  const good = entries({ ...goodValues, '.2': sequence(...entries(goodTcb, {})) }, {});
  parseSgxExtension(sequence(...good));
  refuses(sequence(...good, entry('.1', octets(16, 2))));
  refuses(sequence(...good.slice(1), entry('.1', octets(16, 2), integer(1))));
  refuses(concatBytes(sequence(...good), Uint8Array.of(5, 0)));
});
