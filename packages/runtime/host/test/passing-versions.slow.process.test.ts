import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** How the interpreter's pipes pass handles is not documented, so each version that hosts may run on is tried. */
const majors = [20, 22, 24, 26];

const tests = fileURLToPath(new URL('./passing.test.js', import.meta.url));

interface Programs {
  /** The file of a Node, from the registry when it is first asked for. */
  nodeProgram(major: number): Promise<string>;
}

interface Run {
  readonly failed: boolean;
  readonly output: string;
  readonly complaints: string;
}

function run(node: string, ...options: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    // The runner of this test would change how that of the other process reports.
    const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' };
    execFile(node, [...options, tests], { env }, (error, output, complaints) =>
      resolve({ failed: error !== null, output, complaints }),
    );
  });
}

describe('passing connections, on each Node that hosts run on', { timeout: 600_000 }, () => {
  let programs: Programs;

  before(async () => {
    const module = new URL('../../../../../tools/registry/programs.mjs', import.meta.url);
    // Beside the packages, and without types.
    programs = (await import(module.href)) as Programs;
  });

  for (const major of majors) {
    test(`Node ${major} passes both ways, and warns of nothing`, async () => {
      const node = await programs.nodeProgram(major);
      const both = await run(node);
      assert.equal(both.complaints, '', `Node ${major} warns: a host on it should take the courier`);
      assert.match(both.output, /the native way/);
      if (!both.failed) return;
      const courier = await run(node, '--test-name-pattern=the courier way');
      assert.fail(
        courier.failed
          ? `Node ${major} passes in no way:\n${both.output}`
          : `Node ${major} passes only by the courier:\n${both.output}`,
      );
    });
  }
});
