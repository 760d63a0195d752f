import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientOfAddress } from '../src/api/client-address.ts';

test('a client is an address of IPv4, or a network of IPv6', () => {
  for (const [address, client] of [
    ['192.0.2.1 50000', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1 50000', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6 50000', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9 50000', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9 50000', '2001:db8:1:2::/64'],
    ['2001:db8::1 50000', '2001:db8:0:0::/64'],
    ['fe80::1%eth0 50000', 'fe80:0:0:0::/64'],
    ['::1 50000', '0:0:0:0::/64'],
    ['', ''],
  ] as const) {
    assert.equal(clientOfAddress(address), client, address);
  }
});

test('whatever a host tells, the client is a short text, and the port changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      assert.ok(clientOfAddress(text).length <= 80);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
      assert.equal(clientOfAddress(`${address} ${port}`), clientOfAddress(address));
    }),
  );
});
