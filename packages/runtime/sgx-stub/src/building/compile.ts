import { fileURLToPath } from 'node:url';
import { compileNative, freestandingFlags } from './native.ts';

/** The sources, which the package carries. */
export const nativeFolder = fileURLToPath(new URL('../../../src/native/', import.meta.url));

export const stubFlags: readonly string[] = [
  ...freestandingFlags,
  '-fcf-protection=none',
  '-mfsgsbase',
  '-mno-red-zone',
];

/**
 * Compiles the stub.
 *
 * @param defines macros, which only tests and benchmarks give
 * @throws Error with the compiler's words
 */
export async function compileStub(compiler: string, out: string, defines: readonly string[] = []): Promise<void> {
  const flags = [...stubFlags, ...defines.map((define) => `-D${define}`)];
  await compileNative(compiler, { sources: nativeFolder, flags }, out);
}
