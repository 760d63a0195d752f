// What package.json promises about TypeScript (`enclos.typescript`): the oldest compiler, and the newest, read every entry
// of our packages with nothing skipped, with and without the names of browsers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '../lib/run.mjs';
import { readJson, root, workspaces } from '../lib/workspace.mjs';
import { isPublished } from '../packages/metadata.mjs';
import { emptyHome, installFrom } from './stranger.mjs';

const newest = readJson(join(root, 'package.json')).devDependencies.typescript;
const oldest = readJson(join(root, 'package.json')).enclos.typescript.replace('>=', '~');
/** As the templates have them. */
const nodeTypes = readJson(join(root, 'packages/cli/templates/app/package.json')).devDependencies['@types/node'];

const settings = readJson(join(root, 'packages/cli/templates/tsconfig.json')).compilerOptions;

/**
 * A module that imports each entry of each package that is a module: schemas are JSON, and what has only types declares globals of
 * enclaves, which are not those of this program (tests/integration has its test).
 */
function everything(published) {
  const entries = published.flatMap(({ name, manifest }) =>
    Object.entries(manifest.exports ?? {})
      .filter(([entry, target]) => !entry.endsWith('.json') && Object.keys(target).join() !== 'types')
      .map(([entry]) => `${name}${entry.slice(1)}`),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  return `${imports.join('\n')}\nexport const entries = [${entries.map((_, index) => `entry${index}`).join(', ')}];\n`;
}

/** @returns what took how long; throws with what the compiler said */
export async function typesOfEverything(url) {
  const published = workspaces().filter(isPublished);
  const own = Object.fromEntries(published.map(({ name, manifest }) => [name, manifest.version]));
  const peers = Object.assign({}, ...published.map(({ manifest }) => manifest.peerDependencies ?? {}));
  const marks = [];
  await emptyHome({ url }, async ({ home, shell }) => {
    const cwd = join(home, 'types');
    const manifest = {
      private: true,
      type: 'module',
      dependencies: {
        ...own,
        ...peers,
        '@types/node': nodeTypes,
        oldest: `npm:typescript@${oldest}`,
        newest: `npm:typescript@${newest}`,
      },
    };
    const made = await shell(
      'mkdir types && cd types && touch everything.ts package.json tsconfig.json tsconfig.dom.json',
    );
    if (made.code !== 0) throw new Error(made.output);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(cwd, 'everything.ts'), everything(published));
    const withLibraries = (lib) =>
      JSON.stringify({ compilerOptions: { ...settings, skipLibCheck: false, lib }, files: ['everything.ts'] });
    writeFileSync(join(cwd, 'tsconfig.json'), withLibraries(['ES2023']));
    writeFileSync(join(cwd, 'tsconfig.dom.json'), withLibraries(['ES2023', 'DOM']));
    await installFrom(shell, { manager: 'npm', cwd });
    for (const compiler of ['oldest', 'newest']) {
      for (const project of ['tsconfig.json', 'tsconfig.dom.json']) {
        const ran = await shell(`node node_modules/${compiler}/bin/tsc -p ${project} --pretty false`, { cwd });
        if (ran.code !== 0) throw new Error(`${compiler} TypeScript, ${project}:\n${ran.output}`);
        marks.push(`${compiler} ${project} ${seconds(ran.seconds)}`);
      }
    }
  });
  return marks;
}
