import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytes, defineInterface, func, string } from '@enclos/edl';
import { FRAME_HEADER_BYTES } from '@enclos/gate';

import { renderDiagnostic } from '@enclos/diagnostics';
import { buildEnclave } from '../../src/build-enclave.ts';
import { BuildError } from '../../src/diagnostic.ts';
import { checkFrameLimits } from '../../src/node/frame-limits.ts';
import { loadProject } from '../../src/project/project.ts';
import { minimalManifest, testBoot, withProject } from '../project-folder.ts';

const limits = { maxFrameBytes: 524_288, maxQueuedCalls: 1, maxPendingCalls: 1, maxDepth: 1 };
const most = limits.maxFrameBytes - FRAME_HEADER_BYTES;
const project = { interface: 'src/demo.edl.ts', limits };

function problemsOf(trusted: Parameters<typeof defineInterface>[0]['trusted'], untrusted = {}): readonly string[] {
  try {
    checkFrameLimits(project, defineInterface({ name: 'demo', trusted, untrusted }));
  } catch (error) {
    if (error instanceof BuildError) return error.diagnostics.map(({ text }) => text);
    throw error;
  }
  return [];
}

test('an interface whose values just fit is built, and one byte more is refused', () => {
  assert.deepEqual(problemsOf({ keep: func({ a: bytes({ exactBytes: most }) }, bytes({ exactBytes: most })) }), []);
  assert.equal(problemsOf({ keep: func({ a: bytes({ exactBytes: most + 1 }) }) }).length, 1);
  assert.equal(problemsOf({ keep: func({}, bytes({ exactBytes: most + 1 })) }).length, 1);
  assert.equal(problemsOf({}, { keep: func({}, bytes({ exactBytes: most + 1 })) }).length, 1);
  assert.equal(problemsOf({ keep: func({ a: bytes({ exactBytes: most }), b: string({ maxBytes: 1 }) }) }).length, 1);
});

test('the refusal names the function, the value and the limit', async () => {
  const files = {
    'enclave.json': JSON.stringify({ ...minimalManifest, limits: { maxFrameBytes: 524_288 } }),
    'src/demo.edl.ts': `
      import { bytes, defineInterface, func, string } from '@enclos/edl';
      const keep = func({ name: string({ maxBytes: 20 }), photo: bytes({ maxBytes: 600_000 }) });
      export const demo = defineInterface({ name: 'demo', trusted: { keep }, untrusted: {} });
    `,
  };
  await withProject(files, async ({ folder }) => {
    await assert.rejects(buildEnclave(await loadProject(folder), testBoot), (error) => {
      assert.ok(error instanceof BuildError);
      assert.equal(error.code, 'BUILD_INTERFACE_TOO_LARGE');
      const [problem] = error.diagnostics;
      assert.ok(problem !== undefined);
      assert.equal(
        renderDiagnostic(problem),
        [
          'error the parameters of keep() can take 600,024 bytes, and a message carries at most 524,268; "photo" alone can take 600,003 [BUILD_INTERFACE_TOO_LARGE]',
          '  src/demo.edl.ts',
          '  note: limits.maxFrameBytes is 524,288, with 20 bytes of it for the header',
          '  use: a lower bound in src/demo.edl.ts, a larger limits.maxFrameBytes in enclave.json, or several calls',
        ].join('\n'),
      );
      return true;
    });
  });
});
