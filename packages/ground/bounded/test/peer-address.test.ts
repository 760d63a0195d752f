import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { peerOf } from '../src/index.ts';

const addresses = fc.oneof(fc.ipV4(), fc.ipV6());

describe('a peer', () => {
  test('is an IPv4 address, or the network of an IPv6 address', () => {
    for (const [address, peer] of [
      ['192.0.2.1', '192.0.2.1'],
      ['192.0.2.1 50000', '192.0.2.1'],
      ['192.0.2.1 ', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:192.0.2.1 50000', '192.0.2.1'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
      ['2001:db8:1:2:3:4:5:6 50000', '2001:db8:1:2'],
      ['2001:db8:1:2::6', '2001:db8:1:2'],
      ['2001:DB8:1:2::9 50000', '2001:db8:1:2'],
      ['2001:0db8:0001:0002::9 50000', '2001:db8:1:2'],
      ['2001:db8::6', '2001:db8:0:0'],
      ['2001:db8::', '2001:db8:0:0'],
      ['2001:db8:: 50000', '2001:db8:0:0'],
      ['::1', '0:0:0:0'],
      ['::1 50000', '0:0:0:0'],
      ['fe80::1%eth0', 'fe80:0:0:0'],
      ['fe80::1%eth0 50000', 'fe80:0:0:0'],
      ['', ''],
      [' ', ''],
      ['not an address', 'not an address'],
    ] as const) {
      assert.equal(peerOf(address), peer, address);
    }
  });

  test('is the same whatever port its connection has', () => {
    fc.assert(
      fc.property(addresses, fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        assert.equal(peerOf(`${address} ${port}`), peerOf(address));
      }),
    );
  });

  test('is a short text, whatever a host reports', () => {
    const parts = fc.string({ unit: fc.constantFrom(':', '.', '0', 'f', '%', ' '), maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), parts), (text) => assert.ok(peerOf(text).length <= 160)),
    );
  });
});
