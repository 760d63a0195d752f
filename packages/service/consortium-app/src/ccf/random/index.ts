import { randomFillSync } from 'node:crypto';

import type { Extension } from '../../session/extension.ts';

const poolBytes = 1024;
const drawBytes = 8;

/** `Math.random` from the entropy of the enclave, as CCF has it: the one of an engine could be predicted. */
export const random: Extension = {
  prelude: `
defineProperty(Math, 'random', {
  value: function random() { return host.randomNumber(); }, writable: true, configurable: true, enumerable: false,
});
`,
  host: () => {
    const pool = Buffer.alloc(poolBytes);
    let used = poolBytes;
    return {
      randomNumber: () => {
        if (used === poolBytes) {
          randomFillSync(pool);
          used = 0;
        }
        const drawn = pool.readBigUInt64LE(used);
        pool.fill(0, used, used + drawBytes);
        used += drawBytes;
        // The 53 bits that a double between 0 and 1 holds.
        return Number(drawn >> 11n) / 2 ** 53;
      },
    };
  },
};
