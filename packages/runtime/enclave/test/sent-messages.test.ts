import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  bytes,
  createCaller,
  createDispatcher,
  defineInterface,
  encodeValue,
  func,
  systemInterface,
  uint8,
  uint32,
} from '@enclos/edl';
import { createEndpoint, LARGE_PAYLOAD_BYTES, streamTransport } from '@enclos/gate';
import { interfaceDigest, pinnedInterpreter } from '@enclos/manifest';
import { encodeGateHello, GateTable } from '@enclos/tee';
import { manifestFields } from '@enclos/testkit';
import { defineEnclave } from '../src/application.ts';
import { serveGate } from '../src/serve.ts';

const largest = 2_000_000;
const data = bytes({ maxBytes: largest });
const example = defineInterface({
  name: 'example',
  trusted: {
    echo: func({ data }, data),
    give: func({ byte: uint8(), sizeBytes: uint32() }, data),
    push: func({ byte: uint8(), sizeBytes: uint32() }),
  },
  untrusted: { take: func({ data }) },
});
const digest = interfaceDigest(example);
const manifest = manifestFields(pinnedInterpreter, {
  name: 'example',
  threads: 4,
  heapSizeBytes: 32n * 1024n * 1024n,
  interfaceDigest: digest,
  limits: { maxFrameBytes: 2 ** 22, maxQueuedCalls: 4, maxPendingCalls: 4, maxDepth: 4 },
});

const filled = (byte: number, sizeBytes = largest): Uint8Array => new Uint8Array(sizeBytes).fill(byte);

async function socketPair(t: TestContext): Promise<readonly [Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'enclave-'));
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'socket'));
  await once(server, 'listening');
  const client = connect(join(folder, 'socket'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    accepted.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return [client, accepted];
}

/** An enclave whose gate is a socket, as the loader's is. */
async function openEnclave(t: TestContext) {
  const [client, gate] = await socketPair(t);
  /** The memory of each large message that the enclave sent. */
  const sent: ArrayBufferLike[] = [];
  const write = gate.write.bind(gate);
  gate.write = (...written: unknown[]): boolean => {
    const [chunk] = written;
    if (chunk instanceof Uint8Array && chunk.length >= LARGE_PAYLOAD_BYTES) sent.push(chunk.buffer);
    return Boolean(Reflect.apply(write, undefined, written));
  };
  /** What the application keeps: its own buffer, and each argument that it got. */
  const kept = { own: filled(0), arguments: [] as Uint8Array[] };
  const application = defineEnclave(example, {
    echo(args) {
      kept.arguments.push(args.data);
      return args.data;
    },
    give({ byte, sizeBytes }) {
      return kept.own.fill(byte).subarray(0, sizeBytes);
    },
    async push({ byte, sizeBytes }, { host }) {
      const taken = host.take({ data: kept.own.fill(byte).subarray(0, sizeBytes) });
      kept.own.fill(0xee);
      await taken;
    },
  });
  serveGate({ gate, manifest, application, start: async () => undefined, onStream: () => undefined });
  const taken: Uint8Array[] = [];
  const answer = createDispatcher(example.untrusted, { take: (args) => void taken.push(args.data) });
  const host = createEndpoint({
    transport: streamTransport(client),
    initiator: true,
    hello: encodeGateHello({ name: 'example', interfaceDigest: digest }),
    acceptHello: () => undefined,
    limits: { ...manifest.limits, maxConcurrentCalls: 4, helloTimeoutMs: 30_000 },
    dispatch: (call) => answer(call.index, call.payload, undefined),
    describeError: () => ({ code: 'HOST_CALL_FAILED', message: '' }),
    lostError: () => new Error('lost'),
  });
  const start = systemInterface.trusted.start.parameters;
  await host.invoke(GateTable.system, 0, encodeValue(start, { hostEnvironment: [] }));
  const call = createCaller(example.trusted, ({ index, payload }) =>
    host.invoke(GateTable.application, index, payload),
  );
  return { call, client, kept, sent, taken };
}

const equal = (got: Uint8Array | undefined, expected: Uint8Array): void =>
  assert.ok(got !== undefined && Buffer.compare(got, expected) === 0);

test(
  'the memory of a message that has left is used for the next one, which holds nothing else',
  { timeout: 60_000 },
  async (t) => {
    const { call, sent } = await openEnclave(t);
    for (const [byte, sizeBytes] of [
      [1, largest],
      [2, 1_500_000],
      [3, 1_900_000],
      [4, largest],
    ] as const) {
      equal(await call.give({ byte, sizeBytes }), filled(byte, sizeBytes));
    }
    assert.equal(sent.length, 4);
    assert.equal(new Set(sent).size, 1);
  },
);

test('a message that has not left keeps its memory', { timeout: 60_000 }, async (t) => {
  const { call, client, sent } = await openEnclave(t);
  equal(await call.give({ byte: 1, sizeBytes: largest }), filled(1));
  const answers = [2, 3].map((byte) => call.give({ byte, sizeBytes: largest }));
  client.pause();
  while (sent.length < 2) await new Promise(setImmediate);
  client.resume();
  const [second, third] = await Promise.all(answers);
  equal(second, filled(2));
  equal(third, filled(3));
  assert.equal(new Set(sent).size, 2);
});

test('an application may keep what it returned, and change it at once', { timeout: 60_000 }, async (t) => {
  const { call, kept, sent, taken } = await openEnclave(t);
  equal(await call.give({ byte: 1, sizeBytes: largest }), filled(1));
  equal(kept.own, filled(1));
  await Promise.all([2, 3].map((byte) => call.push({ byte, sizeBytes: largest })));
  equal(kept.own, filled(0xee));
  equal(taken[0], filled(2));
  equal(taken[1], filled(3));
  assert.ok(!sent.includes(kept.own.buffer));
});

test('an argument stays what it was, also when it was returned', { timeout: 60_000 }, async (t) => {
  const { call, kept, sent } = await openEnclave(t);
  for (const byte of [1, 2, 3]) equal(await call.echo({ data: filled(byte) }), filled(byte));
  for (const [at, argument] of kept.arguments.entries()) {
    equal(argument, filled(at + 1));
    assert.ok(!sent.includes(argument.buffer));
  }
});
