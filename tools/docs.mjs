// Checks the documents against the code. Documentation that nothing checks is wrong within a month.
//
//   node tools/docs.mjs [--write]
//
// - TypeScript blocks in README.md, docs/ and packages/*/README.md compile against the built packages.
//   A block that cannot says why: ```ts ignore: reason
// - every relative link leads to a file, and every anchor to a heading;
// - docs/errors.md is what the error registry says (--write writes it).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkErrorPage } from './docs/error-page.mjs';
import { checkExamples } from './docs/examples.mjs';
import { checkLinks } from './docs/links.mjs';
import { filesUnder, fromRoot, root, workspaces } from './lib/workspace.mjs';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

const topPages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const missing = topPages.filter((page) => !existsSync(join(root, page))).map((page) => `${page}: missing`);
const pages = [
  ...topPages,
  ...filesUnder(join(root, 'docs'), (file) => file.endsWith('.md')).map(fromRoot),
  ...workspaces().map(({ folder }) => `${folder}/README.md`),
].filter((page) => existsSync(join(root, page)));

const generated = await checkErrorPage(root, values);
const examples = await checkExamples(pages, root);
const problems = [...missing, ...generated, ...checkLinks(pages, root), ...examples.problems];
for (const problem of problems) console.log(problem);
console.log(`docs: ${pages.length} pages, ${examples.count} TypeScript examples, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
