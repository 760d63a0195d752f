import { defineEnclave, embeddedFile } from '@enclos/enclave';
import { quickJsEngine, type QuickJsEngine } from '@enclos/script/quickjs';
import { script } from './script.edl.ts';

let made: QuickJsEngine | undefined;
const engineOf = (): QuickJsEngine =>
  (made ??= quickJsEngine({ wasm: embeddedFile('/quickjs.wasm'), maxTotalBytes: 48 << 20 }));
const prelude = [
  {
    name: 'prelude.js',
    source: `{ const inside = host; globalThis.hex = (text) => inside.hex(text); host.register('run', () => inside.import('/app.js').f()) }`,
  },
];

export const application = defineEnclave(script, {
  run: ({ module, maxExecutionMs, fresh }) => {
    const limits = { maxHeapBytes: 16 << 20, maxStackBytes: 1 << 20, maxExecutionMs };
    const host = { hex: (value: unknown) => Buffer.from(String(value)).toString('hex') };
    const modules = [{ name: '/app.js', source: module }];
    const interpreter = engineOf().load({ prelude, modules, host }, { ...limits, maxExecutionMs: 5000 });
    try {
      let outcome = interpreter.call('run', [], limits);
      for (let request = 0; request < fresh; request++) {
        interpreter.reset();
        outcome = interpreter.call('run', [], limits);
      }
      return JSON.stringify(outcome);
    } finally {
      interpreter.dispose();
    }
  },
});
