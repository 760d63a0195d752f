// Makes, installs, checks, tests and runs a project of each template, outside this repository, from a registry on this
// machine, with each Node and each package manager that we support. Run `npm run build` before.
//
//   node tools/stranger-matrix.mjs [--node 20,22,24] [--manager npm,pnpm] [--template app,service,...] [--types]
//
// Without options: every template, with every Node and both managers. `--types` adds the oldest TypeScript, the oldest
// declarations of Node, and every entry of our packages, with nothing skipped. Each cell is one test of the last line.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seconds, totalsLine } from './lib/run.mjs';
import { importBuilt, readJson } from './lib/workspace.mjs';
import { nodeProgram } from './registry/programs.mjs';
import { withRegistry } from './registry/registry.mjs';
import { emptyHome, installFrom } from './registry/stranger.mjs';
import { typesOfEverything } from './registry/types.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20,22,24' },
    manager: { type: 'string', default: 'npm,pnpm' },
    template: { type: 'string' },
    types: { type: 'boolean', default: false },
  },
});
const { npmTemplates: templates } = await importBuilt('packages/cli/dist/src/commands/new/create-project.js');
const list = (text) => text.split(',');
const chosen = {
  nodes: list(values.node),
  managers: list(values.manager),
  templates: values.template === undefined ? templates : list(values.template),
};

/** How each template shows that it works: what it is started with, and what it says then. */
const starts = {
  app: { options: '', until: 'greeting 2' },
  job: { options: `-- ${'ab'.repeat(32)}`, until: 'proof in ' },
};
const serves = { options: '', until: ', enclave ' };

const create = {
  npm: (name, kind) => `npm create --yes enclos ${name} -- --template ${kind}`,
  pnpm: (name, kind) => `pnpm create enclos ${name} --template ${kind}`,
};

async function step(what, ran, marks) {
  const result = await ran;
  marks.push(`${what} ${seconds(result.seconds)}`);
  if (result.code !== 0 && result.reached !== true) {
    throw new Error(`${what}: exit code ${result.code}\n${result.output}`);
  }
  return result;
}

async function followCell({ url, major, manager, template }) {
  const marks = [];
  await emptyHome({ url, node: await nodeProgram(major) }, async ({ home, shell }) => {
    const cwd = join(home, 'mine');
    await step('create', shell(create[manager]('mine', template)), marks);
    const before = performance.now();
    await installFrom(shell, { manager, cwd });
    marks.push(`install ${seconds((performance.now() - before) / 1000)}`);
    await step('types', shell(`${manager} run types`, { cwd }), marks);
    const { scripts } = readJson(join(cwd, 'package.json'));
    if (scripts.test !== undefined) await step('test', shell(`${manager} test`, { cwd }), marks);
    const { options, until } = starts[template] ?? serves;
    const ran = await step('run', shell(`npx --no -- enclos run --isolation best ${options}`, { cwd, until }), marks);
    if (!ran.reached) throw new Error(`run: does not say "${until}"\n${ran.output}`);
  });
  return marks;
}

const totals = { passed: 0, failed: 0 };

async function count(name, work) {
  const started = performance.now();
  try {
    const marks = await work();
    totals.passed += 1;
    console.log(`ok   ${name} (${seconds((performance.now() - started) / 1000)}: ${marks.join(', ')})`);
  } catch (error) {
    totals.failed += 1;
    console.log(`FAIL ${name}\n${error.message.replaceAll(/^/gm, '  ')}`);
  }
}

await withRegistry(async ({ url }) => {
  for (const major of chosen.nodes) {
    for (const manager of chosen.managers) {
      for (const template of chosen.templates) {
        await count(`Node ${major}, ${manager}, ${template}`, () => followCell({ url, major, manager, template }));
      }
    }
  }
  if (values.types) await count('types of everything', () => typesOfEverything(url));
});
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
