import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { EnclaveManifest, StreamTransport } from '@enclos/manifest';
import { passingAdvice, softwareCapabilities } from '@enclos/tee';
import { capabilityTables } from '@enclos/tee/platforms';
import '../src/errors.ts';
import type { StreamAddress } from '../src/services/addresses.ts';
import { offersPassing, type TransportOffer } from '../src/services/transports.ts';

type Entries = Pick<EnclaveManifest, 'listen' | 'connect'>;

const entries = (web: StreamTransport, database: StreamTransport): Entries => ({
  listen: [{ name: 'web', port: 8443, transport: web }],
  connect: [{ name: 'database', host: 'database.invalid', port: 5432, transport: database }],
});

const network: StreamAddress = { host: '127.0.0.1', port: 0 };
const socket: StreamAddress = { path: '/run/some.sock' };

function offer(manifest: Entries, change: Partial<TransportOffer> = {}): boolean {
  return offersPassing({
    manifest,
    capabilities: softwareCapabilities,
    listen: new Map([['web', network]]),
    connect: new Map([['database', network]]),
    canPass: true,
    ...change,
  });
}

/** Each reason why nothing can be passed. */
const reasons: Readonly<Record<string, readonly [change: Partial<TransportOffer>, why: RegExp, next: string]>> = {
  ...Object.fromEntries(
    Object.entries(capabilityTables)
      .filter(([, { platform }]) => platform !== 'software')
      .map(([name, capabilities]) => [
        `the platform is ${name}, which only relays`,
        [
          { capabilities },
          new RegExp(`the platform "${capabilities.platform}" only relays`),
          passingAdvice.platform,
        ] as const,
      ]),
  ),
  'a listener is at a Unix socket': [
    { listen: new Map([['web', socket]]) },
    /"web" is at a Unix socket: only connections of TCP can be passed/,
    passingAdvice.unixSocket,
  ],
  'a destination is at a Unix socket': [
    { connect: new Map([['database', socket]]) },
    /"database" is at a Unix socket/,
    passingAdvice.unixSocket,
  ],
  'this process cannot start a courier': [{ canPass: false }, /may not start another one/, passingAdvice.process],
};

describe('whether a host offers to pass connections', () => {
  test('it does when one entry may be passed', () => {
    assert.equal(offer(entries('passed', 'relayed')), true);
    assert.equal(offer(entries('relayed', 'either')), true);
  });

  test('it does not when all are relayed, whatever the host can', () => {
    assert.equal(offer(entries('relayed', 'relayed')), false);
    for (const [change] of Object.values(reasons)) assert.equal(offer(entries('relayed', 'relayed'), change), false);
  });

  for (const [what, [change, why, next]] of Object.entries(reasons)) {
    test(`it does not when ${what}, and refuses what must be passed`, () => {
      assert.equal(offer(entries('either', 'either'), change), false);
      for (const manifest of [entries('passed', 'either'), entries('either', 'passed')]) {
        const required = [...manifest.listen, ...manifest.connect].find(
          ({ transport }) => transport === 'passed',
        )?.name;
        assert.throws(
          () => offer(manifest, change),
          (error) =>
            isEnclosError(error, 'STREAM_TRANSPORT_UNAVAILABLE') &&
            why.test(error.message) &&
            error.next === next &&
            error.details['stream'] === required &&
            error.message.startsWith(`The connections of "${required}" must be passed, and `),
        );
      }
    });
  }

  test('an entry that is relayed may be at a Unix socket beside one that is passed', () => {
    assert.equal(offer(entries('passed', 'relayed'), { connect: new Map([['database', socket]]) }), true);
    assert.equal(offer(entries('relayed', 'passed'), { listen: new Map([['web', socket]]) }), true);
  });
});
