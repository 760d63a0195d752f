import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createWorkshop, withProbe } from '../src/index.ts';
const workshop = createWorkshop();
after(() => workshop.close());
test('x', async () => {
  let t = performance.now();
  const lap = (s: string) => { console.log(s, Math.round(performance.now() - t)); t = performance.now(); };
  const platform = await workshop.startPlatform('a');
  lap('platform');
  const signed = await workshop.signed('probe'); lap('build');
  for (let i = 0; i < 4; i++) {
    await withProbe(platform, signed, async (call) => {
      lap('load');
      const id = await call.identity(); lap('identity');
      assert.equal(id.productId, 11);
      for (let j = 0; j < 100; j++) {await call.seal({plaintext: new Uint8Array(100), policy: 'enclave'});}
      lap('100 seals');
    });
    lap('dispose');
  }
  await platform.close(); lap('platform close');
  const p2 = await workshop.startPlatform('a'); lap('platform again');
  await workshop.signed('raw'); lap('raw build');
  await p2.close();
});
