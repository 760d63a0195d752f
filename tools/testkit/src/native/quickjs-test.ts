import { existsSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { testWithPrograms } from '../programs.ts';

const path = new URL('../../../../../packages/runtime/script/dist/native/enclos-quickjs.wasm', import.meta.url);

/** The interpreter of scripts, if the build made it. */
const quickJsWasm: Uint8Array | undefined = existsSync(path) ? readFileSync(path) : undefined;

const absence =
  quickJsWasm === undefined
    ? 'needs the interpreter of scripts (apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32, then npm run build)'
    : undefined;

/** A test that needs the interpreter of scripts. Where it was not built, the test is skipped, visibly; in CI that fails. */
export function quickJsTest(name: string, body: (wasm: Uint8Array, t: TestContext) => Promise<void> | void): void {
  testWithPrograms(name, { absence, failure: (reason) => `This test ${reason}.` }, (t) =>
    body(quickJsWasm ?? new Uint8Array(), t),
  );
}
