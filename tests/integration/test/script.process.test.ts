import assert from 'node:assert/strict';
import { after } from 'node:test';
import { loadEnclave } from '@enclos/host';
import { createWorkshop } from '@enclos/process-kit';
import { script } from '@enclos/process-kit/enclaves/script';
import { quickJsTest } from '@enclos/testkit';

const workshop = createWorkshop();
after(() => workshop.close());

quickJsTest('scripts that arrive at run time run in an enclave, which takes no code from strings itself', async () => {
  const platform = await workshop.startPlatform('here');
  const signed = await workshop.signed('script');
  const enclave = await loadEnclave({
    ...signed,
    launcher: platform,
    interface: script,
    isolation: 'best',
    untrusted: {},
  });
  const run = async (module: string, { maxExecutionMs = 5000, fresh = 0 } = {}): Promise<unknown> =>
    JSON.parse(await enclave.call.run({ module, maxExecutionMs, fresh }));
  const returned = (value: unknown) => ({ kind: 'returned', value });

  assert.deepEqual(await run(`export const f = () => hex('ab') + eval('1 + 1')`), returned('61622'));
  assert.deepEqual(await run(`export const f = async () => (await 2) + Date.now() % 1`), returned(2));
  assert.deepEqual(await run(`let n = 0; export const f = () => ++n`, { fresh: 50 }), returned(1));
  assert.deepEqual(await run(`export const f = () => { for (;;); }`, { maxExecutionMs: 50 }), { kind: 'timeout' });
  assert.deepEqual(await run(`export const f = () => { for (const all = []; ;) all.push({}) }`), {
    kind: 'exhausted',
    resource: 'heap',
  });
  assert.deepEqual(await run(`export const f = () => { const g = () => g() + 1; return g() }`), {
    kind: 'exhausted',
    resource: 'stack',
  });
  assert.deepEqual(
    await run(`export const f = () => [typeof process, typeof require, typeof WebAssembly].join()`),
    returned('undefined,undefined,undefined'),
  );
  const thrown = await run(`export const f = () => {\n  throw new TypeError('no');\n}`);
  assert.match(JSON.stringify(thrown), /"TypeError: no".*f \(\/app\.js:2:\d+\)/);
  await enclave.dispose();
});
