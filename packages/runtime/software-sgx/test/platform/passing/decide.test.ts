import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filterGives } from '@enclos/isolation';
import type { EnclaveManifest, StreamTransport } from '@enclos/manifest';
import { passingAdvice } from '@enclos/tee';
import { decidePassing, passingLayers } from '../../../src/platform/passing/decide.ts';

type Streams = Pick<EnclaveManifest, 'listen' | 'connect'>;

/** Listeners of these transports, and destinations of those. */
function streams(listen: readonly StreamTransport[], connect: readonly StreamTransport[] = []): Streams {
  return {
    listen: listen.map((transport, i) => ({ name: `l${i}`, port: i, transport })),
    connect: connect.map((transport, i) => ({ name: `c${i}`, host: 'h', port: i, transport })),
  };
}

const filter = { name: 'seccomp', active: true, detail: filterGives('util-linux') };
const works = (): Promise<string | undefined> => Promise.resolve(undefined);
const neverTried = (): Promise<string | undefined> => Promise.reject(new Error('It was tried.'));
const active = { passes: true, obstacle: works, layers: [{ name: 'threads', active: false, detail: '' }, filter] };
const unfiltered = { passes: true, obstacle: neverTried, layers: [{ ...filter, active: false }] };
const withoutLayer = { passes: true, obstacle: neverTried, layers: [] };
const unableHost = { ...active, obstacle: neverTried, passes: false };
const refusing = { ...active, obstacle: () => Promise.resolve('It got no socket.') };

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
    test(`${isPassed ? 'yes' : 'no'}, for ${what}`, async () => {
      const obstacle = isPassed ? works : neverTried;
      assert.deepEqual(await decidePassing(of, { ...active, obstacle }), { passed: isPassed });
    });
  }

  const lacking = [
    ['a host that passes none', unableHost, /its host passes no sockets\.$/, passingAdvice.host],
    ['a filter that is missing', unfiltered, /lacks the layer seccomp\.$/, passingAdvice.filter],
    ['no word of a filter', withoutLayer, /lacks the layer seccomp\.$/, passingAdvice.filter],
    ['a trial that fails', refusing, /lets no socket into an enclave\. It got no socket\.$/, passingAdvice.trial],
  ] as const;
  for (const [what, options, message, next] of lacking) {
    test(`with ${what}: what may be passed is relayed, and what must be is refused`, async () => {
      const { passed, relayedWhy = '' } = await decidePassing(streams(['either'], ['either']), options);
      assert.equal(passed, false);
      // A host that passes none knows why.
      assert.match(relayedWhy, options.passes ? message : /^$/);
      assert.deepEqual(await decidePassing(streams(['relayed']), options), { passed: false });
      const refusal = { code: 'STREAM_TRANSPORT_UNAVAILABLE', message, next };
      await assert.rejects(decidePassing(streams(['either'], ['passed']), options), {
        ...refusal,
        details: { stream: 'c0' },
      });
      await assert.rejects(decidePassing(streams(['passed']), options), { ...refusal, details: { stream: 'l0' } });
    });
  }
});

test('the layer of the filter says that sockets come, and the others stay as they are', () => {
  const [threads, seccomp] = passingLayers({ way: 'bubblewrap', layers: active.layers });
  assert.equal(threads, active.layers[0]);
  assert.match(seccomp?.detail ?? '', /No sockets but those that the host passes, no processes.*bwrap/);
  const [missing] = passingLayers({ way: 'bubblewrap', layers: unfiltered.layers });
  assert.equal(missing, unfiltered.layers[0]);
  assert.equal(seccomp?.active, true);
});
