import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';
import { childEnvironment } from '../lib/workspace.mjs';
import { parseMarkdown } from './markdown.mjs';

const languages = new Set(['ts', 'typescript']);

const compilerOptions = {
  noEmit: true,
  composite: false,
  incremental: false,
  declaration: false,
  declarationMap: false,
  sourceMap: false,
  // An example shows a declaration without using it.
  noUnusedLocals: false,
  noUnusedParameters: false,
  allowImportingTsExtensions: true,
};

function examplesOf(name, base) {
  const { blocks } = parseMarkdown(readFileSync(join(base, name), 'utf8'));
  const unclosed = blocks
    .filter((block) => block.unclosed)
    .map((block) => `${name}:${block.line - 1}: this code block is never closed`);
  const typescript = blocks.filter(({ info }) => languages.has(info.split(/\s+/)[0]));
  const isIgnored = ({ info }) => info.split(/\s+/)[1]?.startsWith('ignore') ?? false;
  // A file of a walkthrough is compiled and run with its project.
  const isFile = ({ info }) => info.split(/\s+/)[1]?.startsWith('file=') ?? false;
  const unexplained = typescript
    .filter((block) => isIgnored(block) && !/\signore:\s*\S/.test(block.info))
    .map((block) => `${name}:${block.line - 1}: write the reason: \`\`\`ts ignore: why it cannot compile`);
  return {
    problems: [...unclosed, ...unexplained],
    examples: typescript
      .filter((block) => !isIgnored(block) && !isFile(block))
      .map(({ body, line }) => ({ name, body, line })),
  };
}

/** A file for each example, padded so that a line number in it is the line number in the page. */
function writeExample({ name, body, line }, folder) {
  const file = `${name.replaceAll(/[^A-Za-z0-9.-]/g, '_')}.${line}.ts`;
  // `export {}` makes a block without imports a module of its own; it fits in the line of the fence.
  const padding = `export {};${'\n'.repeat(line - 1)}`;
  writeFileSync(join(folder, file), `${padding}${body}\n`);
  return [file, name];
}

/**
 * Type-checks the TypeScript blocks of `pages` against the built packages.
 * Returns `{ problems, count }`.
 */
export async function checkExamples(pages, base) {
  const found = pages.map((name) => examplesOf(name, base));
  const problems = found.flatMap((page) => page.problems);
  const examples = found.flatMap((page) => page.examples);
  if (examples.length === 0) return { problems, count: 0 };

  // Inside the repository, so that packages resolve; ignored by git.
  const folder = join(base, '.enclos/docs-examples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = new Map(examples.map((example) => writeExample(example, folder)));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  );
  const tsc = join(base, 'node_modules/typescript/bin/tsc');
  const result = await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    env: childEnvironment(),
  });
  if (result.code === 0) rmSync(folder, { recursive: true, force: true });
  else {
    const readable = result.output
      .trim()
      .replaceAll(/^\S+\.ts(?=\()/gm, (file) => names.get(file) ?? file)
      .replaceAll(/^(\S+)\((\d+),(\d+)\)/gm, '$1:$2:$3');
    problems.push(...readable.split('\n'));
  }
  return { problems, count: examples.length };
}
