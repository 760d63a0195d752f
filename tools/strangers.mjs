// The strangers of .ci/run, side by side, with one registry: tools/stranger.mjs, and one cell of tools/stranger-matrix.mjs with the types of everything.
// They wait for npm and for their programs most of the time. Run `npm run build` before.
//
//   node tools/strangers.mjs
import { run, totalsLine } from './lib/run.mjs';
import { childEnvironment, root } from './lib/workspace.mjs';
import { sharedRegistryVariable, withRegistry } from './registry/registry.mjs';

const tools = [
  // More time than where nothing runs beside it.
  ['tools/stranger.mjs', '--patience=3'],
  ['tools/stranger-matrix.mjs', '--node=20', '--manager=pnpm', '--template=app', '--types'],
];
const totals = { passed: 0, failed: 0, skipped: 0 };

function count(code, output) {
  const [, passed, failed, skipped = 0] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(output) ?? [];
  totals.passed += Number(passed ?? 0);
  totals.skipped += Number(skipped);
  // A tool that ends without its totals has failed too.
  totals.failed += Number(failed ?? 0) || (code === 0 && passed !== undefined ? 0 : 1);
}

await withRegistry(async ({ url }) => {
  const env = childEnvironment({ [sharedRegistryVariable]: url });
  await Promise.all(
    tools.map(async (words) => {
      const { code, output } = await run(process.execPath, words, { cwd: root, env });
      console.log(output.trimEnd());
      count(code, output);
    }),
  );
});
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
