import { ScriptThrow } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { needBytes } from '../../session/values.ts';

const digestBytes = 32;

/** What a handler decides of its transaction beyond its status: whether writes stay, and the digest of its claims. */
export const rpc: Extension = {
  prelude: `
ccf.rpc = {
  setApplyWrites: function setApplyWrites(force) {
    count(arguments.length, 1, 1, undefined, '');
    host.rpcApplyWrites(!!force);
  },
  setClaimsDigest: function setClaimsDigest(digest) {
    count(arguments.length, 1, 1, undefined, '');
    host.rpcClaimsDigest(needBuffer(digest, 'Argument must be an ArrayBuffer'));
  },
};
`,
  host: (session) => ({
    rpcApplyWrites: (force) => {
      session.call.applyWrites = force === true;
    },
    rpcClaimsDigest: (digest) => {
      const bytes = needBytes(digest);
      if (bytes.length !== digestBytes) {
        throw new ScriptThrow('TypeError', `Argument must be an ArrayBuffer of the right size: ${digestBytes}`);
      }
      session.call.claimsDigest = bytes;
    },
  }),
};
