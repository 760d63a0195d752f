import { join } from 'node:path';
import { root } from './workspace.mjs';

const script = (path) => [join(root, path)];

/** What `npm run build` does, and the check before everything else. Steps of one stage do not depend on each other. */
export const buildStages = [
  [{ name: 'build', command: [join(root, 'node_modules/typescript/bin/tsc'), '-b'] }],
  [
    {
      name: 'relay of private networks',
      command: script('packages/runtime/isolation/dist/src/relay/building/main.js'),
    },
    { name: 'stub of SGX images', command: script('packages/runtime/sgx-stub/dist/src/building/main.js') },
    { name: 'interpreter of scripts', command: script('packages/runtime/script/dist/src/building/main.js') },
    { name: 'C header', command: script('packages/cli/dist/src/c-header/main.js') },
    { name: 'Go files', command: script('packages/delivery/go-toolchain/dist/src/carry/main.js') },
  ],
  [
    { name: 'browser builds', command: script('tools/browser.mjs') },
    { name: 'builds for the inside', command: script('tools/inside.mjs') },
  ],
];
