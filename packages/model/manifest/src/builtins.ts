/**
 * Node's modules that only compute, without `node:`. The build lets a bundle import these, and the platform's loader gives out
 * only these. From `tls` it gives the part that works on a stream, and only to a bundle that names it.
 */
export const allowedBuiltins: readonly string[] = Object.freeze([
  'assert',
  'assert/strict',
  'async_hooks',
  'buffer',
  'crypto',
  'events',
  'path',
  'path/posix',
  'querystring',
  'stream',
  'stream/consumers',
  'stream/promises',
  'stream/web',
  'string_decoder',
  'timers',
  'timers/promises',
  'tls',
  'url',
  'util',
  'util/types',
  'zlib',
]);
