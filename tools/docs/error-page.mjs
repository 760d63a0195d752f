// docs/errors.md is written from the error registry, so that the page cannot fall behind.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const introduction = `# Error codes

<!-- Written by \`node tools/docs.mjs --write\` from packages/errors/src/registry. Do not edit by hand. -->

Every error that Enclos throws on purpose is an \`EnclosError\` with a \`code\` from this page, a \`kind\`, a safe
\`message\`, a \`next\` step and public \`details\`. The \`kind\` says what a caller should do:

| kind | what to do |
|---|---|
| \`usage\` | The caller's code, configuration or file is wrong: fix it. |
| \`transient\` | Try again, later or elsewhere. |
| \`evidence\` | The bytes do not prove what they claim: stop. |
| \`policy\` | The proof holds, but the relying party's policy refuses it. |
| \`refused\` | A platform or a peer refused the operation by its own rules. |
| \`lost\` | The enclave, the platform or the connection is gone: load again. |
`;

async function areas(base) {
  const source = join(base, 'packages/errors/src/registry');
  const names = readdirSync(source)
    .filter((name) => name.endsWith('.ts') && !['index.ts', 'kinds.ts'].includes(name))
    .map((name) => basename(name, '.ts'));
  const built = join(base, 'packages/errors/dist/src');
  if (!existsSync(built)) throw new Error('packages/errors is not built: npm run build');
  const load = (path) => import(pathToFileURL(join(built, path)).href);
  const { errorRegistry } = await load('index.js');
  const found = await Promise.all(
    names.map(async (name) => ({ name, codes: Object.values(await load(`registry/${name}.js`)).flatMap(Object.keys) })),
  );
  const order = Object.keys(errorRegistry);
  return found
    .filter(({ codes }) => codes.length > 0)
    .toSorted((left, right) => order.indexOf(left.codes[0]) - order.indexOf(right.codes[0]))
    .map(({ name, codes }) => ({ name, entries: codes.map((code) => [code, errorRegistry[code]]) }));
}

const section = ([code, { kind, summary, next }]) => `### ${code}\n\n\`${kind}\`: ${summary}\n\nNext: ${next}\n`;

/** The text of docs/errors.md for the built registry. */
async function errorPage(base) {
  const parts = (await areas(base)).map(({ name, entries }) => `## ${name}\n\n${entries.map(section).join('\n')}`);
  return [introduction, ...parts].join('\n');
}

/** Writes the page, or compares it; returns problems, one line each. */
export async function checkErrorPage(base, { write }) {
  const path = join(base, 'docs/errors.md');
  const expected = await errorPage(base);
  if (write) {
    writeFileSync(path, expected);
    return [];
  }
  const actual = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (actual === expected) return [];
  const [have, want] = [actual.split('\n'), expected.split('\n')];
  const at = want.findIndex((line, index) => line !== have[index]);
  const line = at === -1 ? want.length : at;
  return [
    `docs/errors.md:${line + 1}: not what the registry says; run: node tools/docs.mjs --write`,
    `  is:        ${have[line] ?? '(end of file)'}`,
    `  should be: ${want[line] ?? '(end of file)'}`,
  ];
}
