// Makes the packages as a registry gets them: one tarball of each, the same bytes from the same sources.
//
//   npm run packages [-- --out DIR]     builds first; DIR is .packages without --out
//   node tools/packages.mjs --lint      also runs publint and are-the-types-wrong over each
//   node tools/packages.mjs --metadata  writes the fields that all published packages share into their package.json
//
// A tarball has LICENSE and NOTICE, and a README whose links lead to the repository where the package does not have the
// file. Source maps and declaration maps lead to `src`, which is in the tarball: a debugger shows the source, and an editor
// goes to it. packages.json, beside the tarballs, lists them for `enclos new --from DIR`. Nothing is published.
import { resolve, join } from 'node:path';
import { parseArgs } from 'node:util';
import { seconds } from './lib/run.mjs';
import { fromRoot, readJson, root, workspaces } from './lib/workspace.mjs';
import { writeMetadata } from './packages/metadata.mjs';
import { packPackages } from './packages/pack.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, '.packages') },
    lint: { type: 'boolean', default: false },
    metadata: { type: 'boolean', default: false },
  },
});

if (values.metadata) writeMetadata(workspaces(), readJson(join(root, 'package.json')));
else {
  const started = performance.now();
  const out = resolve(values.out);
  const { tarballs, problems } = await packPackages(out, { lint: values.lint });
  for (const problem of problems) console.log(problem);
  if (problems.length === 0) {
    const where = fromRoot(out).startsWith('..') ? out : fromRoot(out);
    console.log(`${tarballs.length} packages in ${where} (${seconds((performance.now() - started) / 1000)})`);
  }
  process.exitCode = problems.length > 0 ? 1 : 0;
}
