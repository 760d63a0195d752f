import assert from 'node:assert/strict';
import { quickJsTest } from '@enclos/testkit';
import { ScriptThrow, type HostFunction, type ScriptValue } from '../../../src/index.ts';
import { quickJsEngine, type QuickJsInterpreter } from '../../../src/quickjs/index.ts';
import { callF, limits, prelude } from '../program.ts';

/** A clock that only host functions move: what a script costs besides is nothing. */
class HostClock {
  now = 0;
  readonly #wasm: Uint8Array;

  constructor(wasm: Uint8Array) {
    this.#wasm = wasm;
  }

  load(source: string, host: Readonly<Record<string, HostFunction>>): QuickJsInterpreter {
    const engine = quickJsEngine({ wasm: this.#wasm, machine: { monotonicMs: () => this.now } });
    return engine.load({ prelude, modules: [{ name: '/app.js', source }], host }, limits);
  }
}

const within = { ...limits, maxHeapBytes: 128 << 20, maxExecutionMs: 1000 };

quickJsTest('the time that host functions take is noticed after 64 of their calls', (wasm) => {
  const clock = new HostClock(wasm);
  let calls = 0;
  const host = {
    work: () => {
      calls += 1;
      clock.now += 1;
      return undefined;
    },
  };
  const interpreter = clock.load(`export const f = () => { for (;;) outside.work() }`, host);
  assert.deepEqual(callF(interpreter, [], within), { kind: 'timeout' });
  assert.ok(calls >= 1000 && calls <= 1000 + 65, `${calls} calls`);
});

/** What a host function may make of the end of the script. */
const keepers: Readonly<Record<string, (work: () => void) => ScriptValue>> = {
  'lets it pass': (work) => {
    work();
    return 1;
  },
  'throws an error of the script instead': (work) => {
    try {
      work();
    } catch {
      throw new ScriptThrow('Error', 'failed');
    }
    return 1;
  },
  'gives a value instead': (work) => {
    try {
      work();
    } catch {
      return 2;
    }
    return 1;
  },
};

for (const [name, keep] of Object.entries(keepers)) {
  quickJsTest(`a host function that looks at the time ends the script, also one that ${name}`, (wasm) => {
    const clock = new HostClock(wasm);
    let parts = 0;
    let calls = 0;
    const host: Record<string, HostFunction> = {
      work: () => {
        calls += 1;
        return keep(() => {
          for (let part = 0; part < 5000; part++) {
            parts += 1;
            clock.now += 1;
            interpreter.checkTime();
          }
        });
      },
    };
    const source = `export const f = () => { for (;;) { try { outside.work() } catch {} } }`;
    const interpreter: QuickJsInterpreter = clock.load(source, host);
    assert.deepEqual(callF(interpreter, [], within), { kind: 'timeout' });
    assert.deepEqual([calls, parts], [1, 1000]);
    interpreter.checkTime();
    clock.now += 1e6;
    interpreter.checkTime();
    interpreter.reset();
    assert.deepEqual(callF(interpreter, [], within), { kind: 'timeout' }, 'the next call has its own time');
    assert.deepEqual([calls, parts], [2, 2000]);
  });
}

quickJsTest('without a look at the time, a host function works to its end', (wasm) => {
  const clock = new HostClock(wasm);
  let parts = 0;
  const host = {
    work: () => {
      for (; parts < 5000; parts++) clock.now += 1;
      return undefined;
    },
  };
  const interpreter = clock.load(`export const f = () => { outside.work(); for (;;); }`, host);
  assert.deepEqual(callF(interpreter, [], within), { kind: 'timeout' });
  assert.equal(parts, 5000);
});

/** Large values, which take long to copy, one way or the other. They are there before. */
const large: Readonly<Record<string, string>> = {
  'bytes to the host': `outside.take(bytes)`,
  'narrow text to the host': `outside.take(narrow)`,
  'wide text to the host': `outside.take(wide)`,
  'bytes from the host': `outside.bytes()`,
  'narrow text from the host': `outside.narrow()`,
  'wide text from the host': `outside.wide()`,
  'a result': `return bytes`,
};
const values = `const bytes = new ArrayBuffer(24e6), narrow = 'x'.repeat(24e6), wide = '\u1234'.repeat(12e6);`;

for (const [name, source] of Object.entries(large)) {
  quickJsTest(`the time is looked at while much is copied: ${name}`, (wasm) => {
    const host = {
      take: () => undefined,
      bytes: () => new Uint8Array(24e6),
      narrow: () => 'x'.repeat(24e6),
      wide: () => '\u1234'.repeat(12e6),
    };
    let now = 0;
    const engine = quickJsEngine({ wasm, machine: { monotonicMs: () => ++now } });
    const modules = [{ name: '/app.js', source: `${values} export const f = (much) => { if (much) { ${source} } }` }];
    const interpreter = engine.load({ prelude, modules, host }, { ...within, maxExecutionMs: 1e6 });
    const looks = (much: boolean, maxExecutionMs: number) => {
      const before = interpreter.polls;
      const { kind } = callF(interpreter, [much], { ...within, maxExecutionMs });
      return [kind, interpreter.polls - before] as const;
    };
    assert.equal(looks(false, 1e6)[0], 'returned');
    assert.deepEqual(looks(false, 1e6), ['returned', 0]);
    const [kind, count] = looks(true, 1e6);
    assert.equal(kind, 'returned');
    assert.ok(count >= 12, `${count} looks`);
    assert.deepEqual(looks(true, 5), ['timeout', 5], 'it ends amid the copy');
  });
}
