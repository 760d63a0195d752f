import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { addressFamily, isStrictSubnet, parseNetwork } from '../../src/forms/addresses.ts';
import { isSchedule } from '../../src/forms/cron.ts';
import {
  isDataKey,
  isDomainPath,
  isFullyQualified,
  isPathSegment,
  isQualifiedName,
  isServiceName,
  isWildcardDomain,
  percentOf,
} from '../../src/forms/names.ts';
import { isResourceName } from '../../src/forms/resource-names.ts';
import { isTimeZone } from '../../src/forms/time-zone.ts';

/** One line a form: what it takes, and what it refuses. */
const table: readonly (readonly [string, (text: string) => boolean, readonly string[], readonly string[]])[] = [
  [
    'schedules',
    isSchedule,
    ['* * * * *', '*/5 1-3,7 ? jan SUN', '5/15 0 1 1 0', '@daily', '@every 1h30m', ' 0 0 1 * * '],
    ['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 7', '5-1 * * * *'],
  ],
  [
    'steps of schedules',
    isSchedule,
    ['1-9/3 * * * *'],
    ['*/0 * * * *', '*/x * * * *', '*/1/2 * * * *', '1-2-3 * * * *'],
  ],
  [
    'words of schedules',
    isSchedule,
    ['@hourly'],
    ['@never', '@every', '@every x', 'TZ=UTC * * * * *', '1'.repeat(2000)],
  ],
  [
    'time zones',
    isTimeZone,
    ['Europe/Berlin', 'UTC', 'America/Argentina/Ushuaia'],
    ['', 'Mars/X', 'Local', '../UTC', '+01:00', '-x'],
  ],
  ['names of services', isServiceName, ['a', 'a-1'], ['', '1a', 'a-', 'a.b', 'A', 'a'.repeat(64)]],
  ['qualified names', isQualifiedName, ['a', 'A_1.b', 'a.example/b'], ['', '-a', 'a/', '/a', 'A/b', 'a b', 'a/b/c']],
  ['keys of data', isDataKey, ['a', '.a', 'A_b-c.d'], ['', '.', '..', '..a', 'a/b', 'a'.repeat(254)]],
  ['domain paths', isDomainPath, ['a.example/b', 'a/b/c'], ['', 'a', '/b', 'A/b', 'a/', 'a/ b']],
  ['qualified domains', isFullyQualified, ['a.b.c'], ['a.b', 'a..b', 'A.b.c']],
  ['wildcards', isWildcardDomain, ['*.a', '*.a.b'], ['*', 'a.*', '*a.b', '*.*.a']],
  ['segments', isPathSegment, ['a:b', 'A b'], ['.', '..', 'a/b', 'a%']],
  [
    'resources of containers',
    (name) => isResourceName(name, 'container'),
    ['cpu', 'a.example/b', 'hugepages-2Mi'],
    ['gpu', 'pods', 'a b/c', 'a/'],
  ],
  ['resources of pods', (name) => isResourceName(name, 'pod'), ['cpu', 'memory'], ['ephemeral-storage', 'a.example/b']],
  [
    'resources of quotas',
    (name) => isResourceName(name, 'quota'),
    ['pods', 'requests.cpu', 'count/pods'],
    ['gpus', 'storage'],
  ],
  [
    'addresses',
    (text) => addressFamily(text) !== undefined,
    ['10.0.0.1', '010.0.0.1', '::1'],
    ['', '10.0.0', '256.0.0.1', 'fe80::1%eth0'],
  ],
  [
    'networks',
    (text) => parseNetwork(text) !== undefined,
    ['10.0.0.0/8', '10.1.2.3/0', '2001:db8::/64'],
    ['10.0.0.0', '10.0.0.0/33', '::/129', 'x/8', '10.0.0.0/-1'],
  ],
  ['percentages', (text) => percentOf(text) !== undefined, ['0%', '150%'], ['%', '5', '-5%', '1.5%']],
];

describe('forms of texts', () => {
  for (const [title, fits, good, bad] of table) {
    it(`takes and refuses ${title}`, () => {
      for (const text of good) assert.ok(fits(text), JSON.stringify(text));
      for (const text of bad) assert.ok(!fits(text), JSON.stringify(text));
    });
  }
});

describe('isSchedule()', () => {
  const part = (least: number, most: number): fc.Arbitrary<string> => {
    const number = fc.integer({ min: least, max: most });
    const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
    const base = fc.oneof(number.map(String), range, fc.constantFrom('*', '?'));
    const stepped = fc.tuple(base, fc.integer({ min: 1, max: 99 })).map(([text, step]) => `${text}/${step}`);
    return fc.array(fc.oneof(base, stepped), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(','));
  };

  it('takes any schedule within the bounds of its fields, and none with a field beyond', () => {
    const schedule = fc.tuple(part(0, 59), part(0, 23), part(1, 31), part(1, 12), part(0, 6));
    fc.assert(
      fc.property(
        schedule,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 60, max: 999 }),
        (parts, index, beyond) => {
          assert.ok(isSchedule(parts.join(' ')));
          assert.ok(!isSchedule(parts.map((text, at) => (at === index ? String(beyond) : text)).join(' ')));
          assert.ok(!isSchedule([...parts, '*'].join(' ')));
        },
      ),
    );
  });
});

describe('isStrictSubnet()', () => {
  it('agrees with the bits of the addresses', () => {
    const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const prefix = fc.integer({ min: 0, max: 32 });
    const text = (value: number, length: number): string =>
      `${[24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')}/${length}`;
    fc.assert(
      fc.property(address, address, fc.tuple(prefix, prefix), fc.boolean(), (one, other, [outer, inner], near) => {
        // Half of the addresses differ in their last bits only.
        const second = near ? (one ^ (other & 0xff)) >>> 0 : other;
        const [left, right] = [parseNetwork(text(one, outer)), parseNetwork(text(second, inner))];
        assert.ok(left !== undefined && right !== undefined);
        const shift = 32n - BigInt(outer);
        const same = BigInt(one) >> shift === BigInt(second) >> shift;
        assert.equal(isStrictSubnet(left, right), same && outer < inner);
      }),
    );
  });

  it('holds families apart', () => {
    const [four, six] = [parseNetwork('0.0.0.0/0'), parseNetwork('::/64')];
    assert.ok(four !== undefined && six !== undefined && !isStrictSubnet(four, six));
  });
});
