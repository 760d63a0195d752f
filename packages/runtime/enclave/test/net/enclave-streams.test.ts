import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { createCaller, createDispatcher, systemInterface, type Handlers } from '@enclos/edl';
import { FrameKind, type Frame } from '@enclos/gate';
import { pinnedInterpreter, type StreamTransport } from '@enclos/manifest';
import { manifestFields } from '@enclos/testkit';
import { EnclaveStreams } from '../../src/net/enclave-streams.ts';
import { RelayedStream } from '../../src/net/relayed-stream.ts';
import { streamReceived } from '../../src/runtime.ts';
import { FakePassage, FakeSocket } from './fake-passage.ts';

type HostFunctions = (typeof systemInterface)['untrusted'];

const transports: readonly StreamTransport[] = ['relayed', 'passed', 'either'];

/** The streams of an enclave with a listener and a destination of each transport, and a host that notes what it is asked. */
function scene(passage: FakePassage | undefined) {
  const asked: string[] = [];
  const unasked = (): never => assert.fail('not a call for streams');
  const handlers: Handlers<HostFunctions> = {
    readTrustedFile: unasked,
    mountStat: unasked,
    mountRead: unasked,
    mountList: unasked,
    mountWrite: unasked,
    mountRemove: unasked,
    streamAccept({ listener, stream }) {
      asked.push(`accept ${listener} ${stream}`);
      return '192.0.2.7 7';
    },
    streamConnect({ destination, stream }) {
      asked.push(`connect ${destination} ${stream}`);
      if (destination !== 'relayed') passage?.connected(stream);
    },
  };
  const dispatch = createDispatcher<HostFunctions, undefined>(systemInterface.untrusted, handlers);
  const frames: Frame[] = [];
  const streams = new EnclaveStreams({
    passage,
    manifest: manifestFields(pinnedInterpreter, {
      listen: transports.map((transport, port) => ({ name: transport, port, transport })),
      connect: transports.map((transport, port) => ({ name: transport, host: 'h', port, transport })),
    }),
    system: createCaller(systemInterface.untrusted, async ({ index, payload }) => dispatch(index, payload, undefined)),
    sendStream: (frame) => void frames.push(frame),
  });
  return { streams, asked, frames };
}

test('with a passage, what may be passed is passed and what is relayed is relayed', async () => {
  const passage = new FakePassage();
  const { streams, asked, frames } = scene(passage);
  for (const [listener, name] of [
    [1, 'passed'],
    [2, 'either'],
  ] as const) {
    const connections = streams.listen(name, {});
    assert.equal(connections.maxConnections, 128);
    const next = connections.next();
    await turn();
    assert.deepEqual(passage.take(), [{ kind: 'grant', listener, count: 128 }]);
    const socket = passage.accepted(listener, listener);
    assert.equal((await next).value, socket);
    assert.equal(socket.remoteAddress, '192.0.2.1 4242');
    assert.ok((await streams.connect(name, {})) instanceof FakeSocket);
  }
  const others = streams.listen('relayed', {});
  assert.equal(others.maxConnections, 256);
  const relayed = (await others.next()).value;
  assert.ok(relayed instanceof RelayedStream);
  assert.equal(relayed.remoteAddress, '192.0.2.7 7');
  assert.ok((await streams.connect('relayed', {})) instanceof RelayedStream);
  assert.deepEqual(asked, ['connect passed 1', 'connect either 2', 'accept relayed 3', 'connect relayed 4']);
  relayed.end();
  await turn();
  const end = frames.find(({ kind }) => kind === FrameKind.STREAM_END) ?? assert.fail('no end');
  assert.equal(end.callId, 3);
  // Bytes of a connection that is passed never come by the gate.
  assert.throws(() => streamReceived({ ...end, callId: 1 }), { code: 'GATE_PROTOCOL_VIOLATION' });
});

test('without a passage, what may be either is relayed and what must be passed is an error', async () => {
  const { streams, asked } = scene(undefined);
  for (const name of ['relayed', 'either']) {
    assert.ok((await streams.listen(name, {}).next()).value instanceof RelayedStream);
    assert.ok((await streams.connect(name, {})) instanceof RelayedStream);
  }
  assert.deepEqual(asked, ['accept relayed 1', 'connect relayed 2', 'accept either 3', 'connect either 4']);
  assert.throws(() => streams.listen('passed', {}), { code: 'STREAM_TRANSPORT_UNAVAILABLE' });
  await assert.rejects(streams.connect('passed', {}), { code: 'STREAM_TRANSPORT_UNAVAILABLE' });
});

test('a name that the manifest does not declare is refused, on either transport', async () => {
  for (const passage of [undefined, new FakePassage()]) {
    const { streams } = scene(passage);
    for (const name of ['', 'other', 'constructor']) {
      assert.throws(() => streams.listen(name, {}), { code: 'STREAM_NOT_DECLARED' });
      await assert.rejects(streams.connect(name, {}), { code: 'STREAM_NOT_DECLARED' });
    }
  }
});
