import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { sourceInMemory, type LedgerSource } from '@enclos/ledger-history';
import { bundle, stranger, textOf, user } from '../kit/little-app.ts';
import { engines } from '../kit/scripts.ts';
import { serviceOnLedger, untilThere } from './on-ledger.ts';

const app = bundle(
  `export function range(request) { const [first, last, handle] = request.query.split('-').map(Number);
     return ccf.historical.getStateRange(handle, first, last, 60) === null ? { statusCode: 202 } : {}; }
   export function many() { for (let at = 1; at <= 5; at += 1) ccf.historical.getStateRange(at, 1, 2001, 60); return {}; }
   export function large(request) { ccf.kv.t.set(new ArrayBuffer(1), request.body.arrayBuffer()); return {}; }
   export function put() { ccf.kv.t.set(new ArrayBuffer(1), new ArrayBuffer(1)); return {}; }`,
  {
    'GET /range range': { mode: 'readonly' },
    'GET /many many': { mode: 'readonly' },
    'PUT /t put': {},
    'PUT /large large': {},
  },
);

/** A source that never gives a length. `begun` has what is read. */
function slowSource() {
  const begun: number[] = [];
  const source: LedgerSource = {
    lengths: (from) => {
      begun.push(from);
      return new Promise(() => undefined);
    },
    read: () => Promise.reject(new Error('Nothing is to be read.')),
  };
  return { begun, source };
}

describe('the past that a service holds', () => {
  it('does not lose what one peer holds to what another one asks for', async () => {
    const { historyOf, service } = await ledgerOf();
    // The first transactions of a service are much larger than those of a test.
    const [first, last] = [service.node.last - 8, service.node.last];
    const unbounded = historyOf(service.node, {});
    await untilThere(() => unbounded.stateRange(1, first, last, 60));
    const bounds = { softLimitBytes: unbounded.heldBytes / 2, maxRangeBytes: unbounded.heldBytes };
    const held = async (peers: boolean): Promise<boolean> => {
      const history = historyOf(service.node, bounds);
      const ask = (peer: string, seqno: number): unknown =>
        (peers ? history.forPeer(peer) : history).stateRange(seqno, seqno, seqno, 60);
      await untilThere(() => ask('other', first));
      for (let seqno = first + 1; seqno <= last; seqno++) await untilThere(() => ask('greedy', seqno));
      return history.dropCachedStates(first);
    };
    assert.equal(await held(true), true);
    // The same without peers: what was asked for first goes.
    assert.equal(await held(false), false);
  });
});

describe('what one request can make a service read', () => {
  it('is counted before it is read, by the lengths that the source tells', async () => {
    const { historyOf, service, entries } = await ledgerOf();
    const whole = entries.reduce((sum, { length }) => sum + length, 0);
    const readWithin = async (maxRangeBytes: number): Promise<number> => {
      const reads: (readonly [number, number])[] = [];
      const history = historyOf(service.node, { source: recorded(entries, reads, 2), maxRangeBytes });
      const ask = (): unknown => history.stateRange(1, 1, entries.length, 60);
      try {
        await untilThere(ask);
      } catch (error) {
        assert.ok(isEnclosError(error, 'HISTORY_TOO_LARGE'), String(error));
      }
      return bytesOf(entries, reads);
    };
    assert.equal(await readWithin(whole), whole);
    for (const share of [0.01, 0.3, 0.6, 0.99]) {
      const bound = Math.floor(share * whole);
      assert.ok((await readWithin(bound)) <= bound, `${share}`);
    }
  });

  it('is one piece for a transaction of long ago, and not all that follows', async () => {
    const { historyOf, service, entries } = await ledgerOf();
    // As much again follows in large transactions, each with its signature.
    for (let at = 0; at < 4; at++) {
      await service.ask('PUT /large', { body: new Uint8Array(900_000) });
      service.stages.sign();
    }
    const reads: (readonly [number, number])[] = [];
    const history = historyOf(service.node, { source: recorded(entries, reads) });
    await untilThere(() => history.stateRange(1, 1, 1, 60));
    assert.ok(bytesOf(entries, reads) <= 262_144, reads.join(';'));
    assert.ok(entries.reduce((sum, { length }) => sum + length, 0) > 3_600_000);
  });

  it('fails when the source said another length', async () => {
    const { historyOf, service, entries } = await ledgerOf();
    const lies = [1, -1, 0.5, NaN, -(entries[0]?.length ?? 0)];
    for (const lie of lies) {
      const source = sourceInMemory(entries);
      const failures: unknown[] = [];
      const history = historyOf(service.node, {
        onFailure: (error) => void failures.push(error),
        source: {
          ...source,
          lengths: async (from, most) => (await source.lengths(from, most)).map((each) => each + lie),
        },
      });
      await untilThere(() => (history.stateRange(1, 1, 1, 60), failures[0]));
      assert.ok(isEnclosError(failures[0], 'LEDGER_UNAVAILABLE'), String(failures[0]));
    }
  });
});

for (const engine of engines) {
  describe(`peers of a service on ${engine.name}`, () => {
    it('are its users and members, and otherwise the networks that requests come from', async () => {
      const { begun, source } = slowSource();
      const { service } = serviceOnLedger(engine, app, { source });
      for (let at = 0; at < 30; at++) await service.ask('PUT /t');
      service.stages.sign();
      const from = '2001:db8::1 4000';
      // Certificates that governance does not know cost nothing, and neither do addresses of one network.
      for (let at = 3; at <= 30; at++) {
        const as = at % 2 === 0 ? { as: stranger } : {};
        const asked = { query: `transaction_id=2.${at}`, from: `2001:db8::${at} 4000`, ...as };
        assert.equal((await service.ask('GET /receipt', asked)).status, 202);
      }
      assert.equal(begun.length, 2);
      await service.ask('GET /range', { query: '1-2-1', from, as: user });
      await service.ask('GET /range', { query: '1-3-2' });
      assert.deepEqual(begun.slice(2), [1, 1]);
      service.stages.close();
    });

    it('ask for so many transactions in one request, whatever ranges they are in', async () => {
      const { begun, source } = slowSource();
      const { service } = serviceOnLedger(engine, app, { source });
      const refused = await service.ask('GET /many');
      assert.equal(refused.status, 500);
      assert.match(service.lines.join() + textOf(refused), /Exception thrown/);
      assert.deepEqual(begun, [], 'and the others are beyond what is committed');
      service.stages.close();
    });
  });
}

/** The ledger of a service with a few transactions, each signed. */
async function ledgerOf() {
  const [engine] = engines;
  assert.ok(engine);
  const made = serviceOnLedger(engine, app);
  for (let at = 0; at < 6; at++) {
    await made.service.ask('PUT /t');
    made.service.stages.sign();
  }
  return made;
}

/** What a source gave of its entries. */
function bytesOf(entries: readonly Uint8Array[], reads: readonly (readonly [number, number])[]): number {
  const given = reads.flatMap(([from, count]) => entries.slice(from - 1, from - 1 + count));
  return given.reduce((sum, { length }) => sum + length, 0);
}

/** A source of which is noted what is read, and which tells so many lengths at once. */
function recorded(entries: readonly Uint8Array[], reads: (readonly [number, number])[], most = Infinity): LedgerSource {
  const source = sourceInMemory(entries);
  return {
    lengths: (from, asked) => source.lengths(from, Math.min(asked, most)),
    read: (from, count) => {
      reads.push([from, count]);
      return source.read(from, count);
    },
  };
}
