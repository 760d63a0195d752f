// Checks the documents against the code. Documentation that nothing checks is wrong within a month.
//
//   node tools/docs.mjs [--write]
//
// - TypeScript blocks in README.md, docs/ and packages/**/README.md compile against the built packages.
//   A block that cannot says why: ```ts ignore: reason; tools/walkthroughs.mjs runs what says file=PATH;
// - files of a project that a page makes import only what its template, or the page, installs;
// - every relative link leads to a file, and every anchor to a heading;
// - every package has a README, and docs/README.md leads to it; a published one says the same about repository, licence and
//   so on as the others (tools/packages/metadata.mjs);
// - docs/reference/errors.md and errors/ are what the packages declare, with docs/reference/causes/, enclave-json.md and deploy-json.md
//   what the schemas say, api/ what the declaration files of the packages say, lint-rules.md and edl-rules.md what the rules say,
//   packages-inside.md what tools/packages-inside recorded, the table of platforms.md what the drivers say, and the first table of
//   docs/performance.md rows of its others
//   (--write writes them);
// - manifests and charts of the services are what their typed objects say (--write writes them);
// - no page, template or text of shipped code makes its reader ask a registry for a package of Enclos before it is published
//   (docs/published.mjs has the switch);
// - pages, and the comments and texts of shipped code, hold no words of translated English (docs/style.md).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkApiPages } from './docs/api-pages.mjs';
import { checkCharts } from './docs/charts.mjs';
import { checkEdlRulesPage } from './docs/edl-rules-page.mjs';
import { checkErrorPages } from './docs/error-pages.mjs';
import { checkExamples } from './docs/examples.mjs';
import { checkLinks } from './docs/links.mjs';
import { checkLintPage } from './docs/lint-page.mjs';
import { checkPackagePages } from './docs/package-pages.mjs';
import { checkPackagesInsidePage } from './docs/packages-inside-page.mjs';
import { checkPerformanceTable } from './docs/performance-table.mjs';
import { checkPlatformTable } from './docs/platform-table.mjs';
import { publishingProblems } from './docs/published.mjs';
import { checkSchemaPages } from './docs/schema-pages.mjs';
import { checkTemplateImports } from './docs/template-imports.mjs';
import { checkPages, checkSources } from './docs/words.mjs';
import { filesUnder, fromRoot, readJson, root, workspaces } from './lib/workspace.mjs';
import { metadataProblems } from './packages/metadata.mjs';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

const readmeOf = ({ path }) => {
  const page = join(path, 'README.md');
  return existsSync(page) ? readFileSync(page, 'utf8') : '';
};

const topPages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const missing = topPages.filter((page) => !existsSync(join(root, page))).map((page) => `${page}: missing`);
const generated = [
  ...(await checkErrorPages(root, values)),
  ...checkApiPages(root, values),
  ...checkSchemaPages(root, values),
  ...(await checkLintPage(root, values)),
  ...(await checkEdlRulesPage(root, values)),
  ...(await checkPlatformTable(root, values)),
  ...checkPackagesInsidePage(root, values),
  ...checkPerformanceTable(root, values),
  ...(await checkCharts(root, values)),
];
// After the generated pages were written: they are checked too.
const pages = [
  ...topPages,
  ...filesUnder(join(root, 'docs'), (file) => file.endsWith('.md')).map(fromRoot),
  ...workspaces().flatMap(({ folder, path }) => [
    `${folder}/README.md`,
    ...filesUnder(join(path, 'docs'), (file) => file.endsWith('.md')).map(fromRoot),
  ]),
].filter((page) => existsSync(join(root, page)));
const examples = await checkExamples(pages, root);
const imports = checkTemplateImports(pages, root);
// The page about style quotes what it refuses.
const prose = pages.filter((page) => page !== 'docs/style.md');
const words = [...checkPages(prose, root), ...checkSources(root)];
const rootManifest = readJson(join(root, 'package.json'));
const metadata = workspaces()
  .flatMap((workspace) => metadataProblems(workspace, { rootManifest, readme: readmeOf(workspace) }))
  .map(({ where, what, fix }) => `${where}: ${what}; to fix it: ${fix}`);
const isPackage = ({ folder }) => /^(?:packages|services|apps)\//.test(folder);
const unlisted = checkPackagePages(workspaces().filter(isPackage), root);
const said = [
  ...pages,
  ...workspaces().flatMap(({ path }) => filesUnder(join(path, 'src'), (file) => file.endsWith('.ts')).map(fromRoot)),
  ...filesUnder(join(root, 'packages/cli/templates'), () => true).map(fromRoot),
];
const problems = [
  ...missing,
  ...unlisted,
  ...metadata,
  ...generated,
  ...checkLinks(pages, root),
  ...publishingProblems(said, root),
  ...examples.problems,
  ...imports,
  ...words,
];
for (const problem of problems) console.log(problem);
console.log(`docs: ${pages.length} pages, ${examples.count} TypeScript examples, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
