import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { companionFileBytes } from '@enclos/isolation';
import { separatedHosts } from '../../../src/platform/host.ts';
import { requireUsers, sharesOf, type SeparatedUsers } from '../../../src/platform/separation/users.ts';

const good = { hostUsers: [60_000, 60_001], enclaveUsers: { first: 61_000, last: 61_255 } };

describe('the users of a separated platform', () => {
  test('are hosts and a range apart from them', () => {
    requireUsers(good);
    requireUsers({ hostUsers: [1], enclaveUsers: { first: 2, last: 2 } });
    requireUsers({ hostUsers: [65_534], enclaveUsers: { first: 4_294_960_000, last: 4_294_967_294 } });
  });

  test('need not be hosts, where those are known by their folders', () => {
    requireUsers({ hostUsers: [], folderHosts: 1, enclaveUsers: { first: 3_000_000_000, last: 3_000_000_000 } });
    requireUsers({ ...good, folderHosts: 254 });
  });

  const refusals: readonly [what: string, changes: Partial<SeparatedUsers>, why: RegExp][] = [
    ['fewer users than hosts of both kinds', { folderHosts: 255 }, /256 enclave users are too few for 257 hosts/],
    ['a part of a host', { folderHosts: 1.5 }, /known by their folders/],
    ['less than no host', { folderHosts: -1 }, /known by their folders/],
    ['more folders than there are', { folderHosts: 1025 }, /At most 1024/],
    ['no host', { hostUsers: [] }, /1 to 16 host users/],
    ['too many hosts', { hostUsers: Array.from({ length: 17 }, (_, i) => 100 + i) }, /1 to 16 host users/],
    ['a host twice', { hostUsers: [5, 5] }, /twice/],
    ['root as a host', { hostUsers: [0] }, /whole number from 1/],
    ['a host that is not a number', { hostUsers: [Number.NaN] }, /whole number from 1/],
    ['a host beyond all users', { hostUsers: [0xffff_ffff] }, /whole number from 1/],
    ['root in the range', { enclaveUsers: { first: 0, last: 10 } }, /whole number from 1/],
    ['a range beyond all users', { enclaveUsers: { first: 70_000, last: 0xffff_ffff } }, /whole number from 1/],
    ['a range that is turned round', { enclaveUsers: { first: 11, last: 10 } }, /ends before it begins/],
    ['a host in the range', { enclaveUsers: { first: 60_001, last: 60_100 } }, /60001 is in the range/],
    ['the overflow user in the range', { enclaveUsers: { first: 65_000, last: 65_534 } }, /holds 65534/],
    ['the 16-bit -1 in the range', { enclaveUsers: { first: 65_535, last: 65_600 } }, /holds 65535/],
    ['fewer users than hosts', { enclaveUsers: { first: 61_000, last: 61_000 } }, /too few/],
    ['an endless range', { enclaveUsers: { first: 100_000, last: 165_536 } }, /More than 65536/],
  ];
  for (const [what, changes, why] of refusals) {
    test(`are refused: ${what}`, () => {
      assert.throws(() => requireUsers({ ...good, ...changes }), { code: 'PLATFORM_USERS_REFUSED', message: why });
    });
  }

  test('are shared by the hosts in equal parts that do not overlap', () => {
    assert.deepEqual(sharesOf(good), [
      { first: 61_000, last: 61_127 },
      { first: 61_128, last: 61_255 },
    ]);
    assert.deepEqual(sharesOf({ hostUsers: [1], folderHosts: 1, enclaveUsers: { first: 10, last: 14 } }), [
      { first: 10, last: 11 },
      { first: 12, last: 13 },
    ]);
    assert.deepEqual(sharesOf({ hostUsers: [1, 2, 3], enclaveUsers: { first: 10, last: 14 } }), [
      { first: 10, last: 10 },
      { first: 11, last: 11 },
      { first: 12, last: 12 },
    ]);
  });
});

test('files of companions: each host has its own part of them, and all parts fit', () => {
  for (const folderHosts of [0, 1, 110]) {
    const separation = { ...good, folderHosts, enclaveUsers: { first: 61_000, last: 61_999 } };
    const hosts = separatedHosts({ ...separation, runtimeFolder: '', cacheFolder: '', maxImageBytes: undefined });
    const shares = [...hosts.users, ...hosts.folderHosts].map(({ fileShare }) => fileShare);
    assert.equal(new Set(shares.map(({ name }) => name)).size, shares.length);
    const all = shares.reduce((sum, { maxBytes }) => sum + maxBytes, 0);
    assert.ok(all <= companionFileBytes(shares.length), `${all}`);
    for (const { maxBytes } of shares) assert.ok(maxBytes >= 128 * 1024 ** 2);
  }
  assert.ok(companionFileBytes(3) <= 8 * 1024 ** 3);
});
