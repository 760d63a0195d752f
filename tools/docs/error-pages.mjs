// docs/reference/errors.md and the page of each code below errors/ are written from the error
// registry, from the lists of what a peer may raise, and from the sources, so that they cannot fall behind.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, fromRoot, workspaces } from '../lib/workspace.mjs';

const index = 'docs/reference/errors.md';
const pagesFolder = 'docs/reference/errors';
const note =
  '<!-- Written by `node tools/docs.mjs --write` from packages/ground/errors/src/registry. Do not edit by hand. -->';

const introduction = `# Error codes

${note}

Every error that Enclos throws on purpose is an \`EnclosError\` with a \`code\` from this page, a \`kind\`, a safe
\`message\`, a \`next\` step and public \`details\`. Each code has a page of its own.

## Kinds

The \`kind\` says what a caller should do, and gives the exit code of the \`enclos\` command:

| kind | what to do | exit code |
|---|---|---|
`;

const kinds = {
  usage: 'The caller’s code, configuration or file is wrong: fix it.',
  transient: 'Try again, later or elsewhere.',
  evidence: 'The bytes do not prove what they claim: stop.',
  policy: 'The proof holds, but the relying party’s policy refuses it.',
  refused: 'A platform or a peer refused the operation by its own rules.',
  lost: 'The enclave, the platform or the connection is gone: load again.',
};

const peers = [
  ['gate-errors.js', 'errorsFromEnclave', 'an enclave, at its host'],
  ['gate-errors.js', 'errorsFromHost', 'a host, in its enclave'],
  ['software/channel-errors.js', 'errorsFromPlatform', 'the platform, at hosts and enclaves'],
];

async function areas(base) {
  const source = join(base, 'packages/ground/errors/src/registry');
  const names = readdirSync(source)
    .filter((name) => name.endsWith('.ts') && !['index.ts', 'kinds.ts'].includes(name))
    .map((name) => basename(name, '.ts'));
  const built = join(base, 'packages/ground/errors/dist/src');
  if (!existsSync(built)) throw new Error('packages/ground/errors is not built: npm run build');
  const load = (path) => import(pathToFileURL(join(built, path)).href);
  const { errorRegistry } = await load('index.js');
  const found = await Promise.all(
    names.map(async (name) => ({ name, codes: Object.values(await load(`registry/${name}.js`)).flatMap(Object.keys) })),
  );
  const order = Object.keys(errorRegistry);
  return found
    .filter(({ codes }) => codes.length > 0)
    .toSorted((left, right) => order.indexOf(left.codes[0]) - order.indexOf(right.codes[0]))
    .map(({ name, codes }) => ({ name, entries: codes.map((code) => ({ code, area: name, ...errorRegistry[code] })) }));
}

/** The folders of the packages and services whose sources name a code, registry and allow-lists aside: who throws it. */
export function throwersOf(base, { without = /^$/ } = {}) {
  const listed = /^packages\/(?:ground\/errors|runtime\/tee\/src\/(?:gate-errors|software\/channel-errors))/;
  const throwers = new Map();
  const sources = workspaces(base)
    .filter(({ folder }) => /^(?:packages|services)\//.test(folder))
    .flatMap(({ folder: from, path }) =>
      filesUnder(join(path, 'src'), (file) => file.endsWith('.ts')).map((file) => ({ from, path: file })),
    );
  for (const { from, path } of sources) {
    const name = fromRoot(path);
    if (listed.test(name) || without.test(name)) continue;
    for (const [, code] of readFileSync(path, 'utf8').matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)) {
      const known = throwers.get(code) ?? new Set();
      throwers.set(code, known.add(from));
    }
  }
  return throwers;
}

/** What the command ends with for an error of a kind. */
async function exitCodesOf(base) {
  const { exitCodeOf } = await import(
    pathToFileURL(join(base, 'packages/cli/dist/src/command-line/exit-codes.js')).href
  );
  return (kind) => exitCodeOf({ kind });
}

async function raisersOf(base) {
  const lists = await Promise.all(
    peers.map(async ([path, list, who]) => {
      const built = await import(pathToFileURL(join(base, 'packages/runtime/tee/dist/src', path)).href);
      return { codes: new Set(built[list]), who };
    }),
  );
  return (code) => lists.filter(({ codes }) => codes.has(code)).map(({ who }) => who);
}

function pageOf({ code, area, kind, summary, next }, { throwers, raisers, exitCode }) {
  const packages = [...(throwers.get(code) ?? [])]
    .toSorted((left, right) => (left < right ? -1 : 1))
    .map((from) => `[\`@enclos/${from.split('/').at(-1)}\`](../../../${from})`);
  const raised = raisers(code);
  return `# ${code}

${note}

${summary}

**What to do:** ${next}

| | |
|---|---|
| kind | [\`${kind}\`](../errors.md#kinds): ${kinds[kind]} |
| area | [${area}](../errors.md#${area}) |
| exit code of \`enclos\` | ${exitCode(kind)} |
| thrown by | ${packages.join(', ')} |
| a peer that may raise it | ${raised.length === 0 ? 'none: from a peer it arrives as [`GATE_REMOTE_ERROR`](GATE_REMOTE_ERROR.md)' : raised.join('; ')} |
`;
}

const row = ({ code, kind, summary }) => `| [\`${code}\`](errors/${code}.md) | \`${kind}\` | ${summary} |`;

function indexOf(found, { exitCode }) {
  const kindRows = Object.entries(kinds).map(([kind, todo]) => `| \`${kind}\` | ${todo} | ${exitCode(kind)} |`);
  const sections = found.map(
    ({ name, entries }) => `\n## ${name}\n\n| code | kind | meaning |\n|---|---|---|\n${entries.map(row).join('\n')}\n`,
  );
  return `${introduction}${kindRows.join('\n')}\n${sections.join('')}`;
}

function firstDifference(path, actual, expected) {
  const [have, want] = [actual.split('\n'), expected.split('\n')];
  const at = want.findIndex((line, number) => line !== have[number]);
  const line = at === -1 ? want.length : at;
  return [
    `${path}:${line + 1}: not what the registry says; run: node tools/docs.mjs --write`,
    `  is:        ${have[line] ?? '(end of file)'}`,
    `  should be: ${want[line] ?? '(end of file)'}`,
  ];
}

/** Writes the pages, or compares them; returns problems, one line each. */
export async function checkErrorPages(base, { write }) {
  const found = await areas(base);
  const sources = { throwers: throwersOf(base), raisers: await raisersOf(base), exitCode: await exitCodesOf(base) };
  const entries = found.flatMap((area) => area.entries);
  const pages = new Map([
    [index, indexOf(found, sources)],
    ...entries.map((entry) => [`${pagesFolder}/${entry.code}.md`, pageOf(entry, sources)]),
  ]);
  const unused = entries
    .filter(({ code }) => !sources.throwers.has(code))
    .map(({ code, area }) => `packages/ground/errors/src/registry/${area}.ts: nothing throws ${code}`);
  if (write) {
    rmSync(join(base, pagesFolder), { recursive: true, force: true });
    mkdirSync(join(base, pagesFolder), { recursive: true });
    for (const [path, text] of pages) writeFileSync(join(base, path), text);
    return unused;
  }
  const stale = filesUnder(join(base, pagesFolder), () => true)
    .map(fromRoot)
    .filter((path) => !pages.has(path));
  const differences = [...pages].flatMap(([path, text]) => {
    const actual = existsSync(join(base, path)) ? readFileSync(join(base, path), 'utf8') : '';
    return actual === text ? [] : firstDifference(path, actual, text);
  });
  return [...unused, ...stale.map((path) => `${path}: no code of that name`), ...differences];
}
