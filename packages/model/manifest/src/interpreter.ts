import { fromHex } from '@enclos/codec';
import type { InterpreterIdentity } from './form.ts';

/**
 * The interpreter that enclaves run on: the `bin/node` of these npm packages,
 * the same bytes on every machine of one architecture. Its digests are in each
 * measured manifest, so a changed interpreter is a changed MRENCLAVE.
 *
 * Node 24 and not 26: the binary of Node 26 needs libatomic1, which a bare
 * Debian does not have and an unprivileged user cannot install.
 */
export const pinnedInterpreter: InterpreterIdentity = Object.freeze({
  version: '24.21.0',
  digests: Object.freeze([
    Object.freeze({
      architecture: 'linux-x64',
      sha256: fromHex('7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c'),
    }),
    Object.freeze({
      architecture: 'linux-arm64',
      sha256: fromHex('0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584'),
    }),
  ] as const),
});
