import type { Attempts } from '../stolen.ts';

/** Printable words of memory that was somebody else's before. */
function words(bytes: Uint8Array): string | undefined {
  const found =
    Buffer.from(bytes)
      .toString('latin1')
      .match(/[\x20-\x7e]{6,}/g) ?? [];
  return found.length === 0 ? undefined : found.slice(0, 20).join(' ');
}

/** What was in memory before the bundle ran, as the interpreter's command line and the paths of the machine. */
export const memoryAttempts: Attempts = {
  'memory that was used before': () => {
    const all = Array.from({ length: 64 }, (_, i) => Buffer.allocUnsafeSlow(64 << (i % 12)));
    return words(Buffer.concat(all));
  },
  'a large block of memory that was used before': () => words(Buffer.allocUnsafeSlow(4 * 1024 * 1024)),
  'the pool of small buffers': () => {
    // Everything in it but what this enclave itself has put there, which it might have read anyway.
    const text = Buffer.from(Buffer.from('a').buffer).toString('latin1');
    return /node_modules|\/usr\/|\/home\/|\/proc\/|process\.binding|--permission/.exec(text)?.[0];
  },
};
