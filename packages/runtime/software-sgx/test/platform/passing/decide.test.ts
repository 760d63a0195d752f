import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EnclaveManifest, StreamTransport } from '@enclos/manifest';
import { filterGives } from '../../../src/platform/isolation/plan.ts';
import { decidePassing, passingLayers } from '../../../src/platform/passing/decide.ts';

type Streams = Pick<EnclaveManifest, 'listen' | 'connect'>;

/** Listeners of these transports, and destinations of those. */
function streams(listen: readonly StreamTransport[], connect: readonly StreamTransport[] = []): Streams {
  return {
    listen: listen.map((transport, i) => ({ name: `l${i}`, port: i, transport })),
    connect: connect.map((transport, i) => ({ name: `c${i}`, host: 'h', port: i, transport })),
  };
}

const filter = { name: 'seccomp', active: true, detail: filterGives('x') };
const active = { passes: true, layers: [{ name: 'threads', active: false, detail: '' }, filter] };
const unfiltered = { passes: true, layers: [{ ...filter, active: false }] };
const withoutLayer = { passes: true, layers: [] };
const unableHost = { ...active, passes: false };

describe('whether sockets are passed', () => {
  const decided: readonly (readonly [what: string, of: Streams, isPassed: boolean])[] = [
    ['an enclave without streams', streams([]), false],
    ['relayed streams', streams(['relayed'], ['relayed']), false],
    ['a listener that must', streams(['relayed', 'passed']), true],
    ['a listener that may', streams(['either']), true],
    ['a destination that must', streams(['relayed'], ['passed']), true],
    ['a destination that may', streams([], ['relayed', 'either']), true],
  ];
  for (const [what, of, isPassed] of decided) {
    test(`${isPassed ? 'yes' : 'no'}, for ${what}`, () => assert.equal(decidePassing(of, active), isPassed));
  }

  const lacking = [
    ['a host that passes none', unableHost, /its host passes no sockets/],
    ['a filter that is missing', unfiltered, /lacks the layer seccomp/],
    ['no word of a filter', withoutLayer, /lacks the layer seccomp/],
  ] as const;
  for (const [what, options, message] of lacking) {
    test(`with ${what}: what may be passed is relayed, and what must be is refused`, () => {
      assert.equal(decidePassing(streams(['either'], ['either']), options), false);
      assert.equal(decidePassing(streams(['relayed']), options), false);
      const refusal = { code: 'STREAM_TRANSPORT_UNAVAILABLE', message };
      assert.throws(() => decidePassing(streams(['either'], ['passed']), options), {
        ...refusal,
        details: { stream: 'c0' },
      });
      assert.throws(() => decidePassing(streams(['passed']), options), { ...refusal, details: { stream: 'l0' } });
    });
  }
});

test('the layer of the filter says that sockets come, and the others stay as they are', () => {
  const [threads, seccomp] = passingLayers(active.layers);
  assert.equal(threads, active.layers[0]);
  assert.match(seccomp?.detail ?? '', /No sockets but those that the host passes, no processes/);
  assert.equal(seccomp?.active, true);
});
