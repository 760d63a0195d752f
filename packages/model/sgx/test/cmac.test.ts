import { fromHex, toHex } from '@enclos/codec';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aesCmac, reportMac, sha256 } from '../src/node.ts';
import { refused } from './refused.ts';

const key = fromHex('2b7e151628aed2a6abf7158809cf4f3c');
const message = fromHex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
);

test('RFC 4493, section 4', () => {
  const expected = new Map([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ]);
  for (const [length, mac] of expected) assert.equal(toHex(aesCmac(key, message.subarray(0, length))), mac);
});

test('every length around a block boundary gives its own MAC', () => {
  const macs = Array.from({ length: 50 }, (_, length) => toHex(aesCmac(key, new Uint8Array(length))));
  assert.equal(new Set(macs).size, macs.length);
});

test('the MAC of a report covers exactly its body', () => {
  const body = new Uint8Array(384).fill(3);
  assert.deepEqual(reportMac(key, body), aesCmac(key, body));
  refused('SGX_STRUCTURE_INVALID', () => reportMac(key, new Uint8Array(432)));
  refused('SGX_STRUCTURE_INVALID', () => aesCmac(new Uint8Array(32), body));
});

test('SHA-256 of nothing (FIPS 180-4)', () => {
  assert.equal(toHex(sha256(new Uint8Array(0))), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
