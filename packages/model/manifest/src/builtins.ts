/**
 * Node's modules that only compute, without `node:`. The build lets a bundle
 * import these, and the platform's loader hands out these and no others. Of
 * `tls` it gives what works on a stream, and only to a bundle that names it.
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
