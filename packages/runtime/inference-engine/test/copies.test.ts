import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createTransportPair, type DuplexLike } from '@enclos/gate';
import { serveEngine, type Session } from '../src/native.ts';
import { EnginePool } from '../src/index.ts';

/** Two ends of a pair of transports, as streams. */
function duplexPair(): readonly [DuplexLike, DuplexLike] {
  const [left, right] = createTransportPair();
  const duplexOf = (transport: typeof left): DuplexLike => {
    const listeners = new Map<string, (...values: never[]) => void>();
    const emit = (event: string, ...values: readonly unknown[]): void => {
      const listener = listeners.get(event);
      if (listener !== undefined) Reflect.apply(listener, undefined, values);
    };
    return {
      write: (chunk) => transport.send(chunk),
      end: () => transport.close(),
      destroy: () => transport.close(new Error('destroyed')),
      pause: () => transport.pause(),
      resume: () => undefined,
      on(event, listener) {
        listeners.set(event, listener);
        if (event !== 'close') return;
        transport.start({ data: (chunk) => emit('data', chunk), drain: () => emit('drain'), end: () => emit('close') });
      },
    };
  };
  return [duplexOf(left), duplexOf(right)];
}

suite('answers of an engine', () => {
  test('an answer leaves before the run that arrived with its request begins', async () => {
    const [inside, outside] = duplexPair();
    const order: string[] = [];
    const session: Session = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      run() {
        order.push('run');
        return [{ index: 0, shape: [1], data: new Uint8Array(4) }];
      },
      dispose: () => undefined,
    };
    const write = outside.write.bind(outside);
    serveEngine({ ...outside, write: (chunk) => (order.push('answer'), write(chunk)) }, { load: () => session });
    const pool = new EnginePool({
      engines: (events) => events.started({ number: 0, stream: inside, end: () => undefined }),
    });
    const model = await pool.load({ name: 'x', version: '1', source: new Uint8Array(8) });
    const run = async (): Promise<unknown> =>
      model.run([{ name: 'x', datatype: 'FP32', shape: [1], data: new Uint8Array(4) }]);
    // A run is sent ahead when those before were short: until then it comes alone.
    for (let time = 0; time < 60; time++) await run();
    order.length = 0;
    await Promise.all([run(), run()]);
    assert.deepEqual(order, ['run', 'answer', 'run', 'answer']);
    pool.close();
  });
});

suite('copies of a run', () => {
  for (const floats of [16, 100_000]) {
    test(`an engine gets ${4 * floats} bytes as an aligned view of what arrived, and its outputs are not copied to be packed`, async () => {
      const [inside, outside] = duplexPair();
      let view: Uint8Array | undefined;
      let received: Buffer | undefined;
      const output = new Uint8Array(4 * floats).fill(7);
      const session: Session = {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
        run([input]) {
          view = input?.data;
          // The memory is used again when the run is over.
          received = Buffer.from(view ?? []);
          return [{ index: 0, shape: [floats], data: output }];
        },
        dispose: () => undefined,
      };
      serveEngine(outside, { load: () => session });
      const pool = new EnginePool({
        engines: (events) => events.started({ number: 0, stream: inside, end: () => undefined }),
      });
      const model = await pool.load({ name: 'x', version: '1', source: new Uint8Array(8) });
      const data = new Uint8Array(4 * floats).map((_unused, at) => at % 251);
      const [result] = await model.run([{ name: 'x', datatype: 'FP32', shape: [floats], data }]);
      assert.ok(view !== undefined && result !== undefined);
      assert.equal(view.byteOffset % 8, 0);
      assert.ok(received?.equals(data));
      assert.ok(Buffer.from(result.data).equals(output));
      // The typed array that an engine computes from is made without a copy.
      assert.equal(new Float32Array(view.buffer, view.byteOffset, floats).length, floats);
      pool.close();
    });
  }
});
