// docs/reference/errors.md and the page of each area below errors/ are written from what the packages declare, from the
// lists of what a peer may raise, from the sources, and from docs/reference/causes/CODE.md, which people write.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, fromRoot } from '../lib/workspace.mjs';
import { errorAreas, throwersOf } from './error-areas.mjs';

const index = 'docs/reference/errors.md';
const pagesFolder = 'docs/reference/errors';
const causesFolder = 'docs/reference/causes';
const note = '<!-- Written by `node tools/docs.mjs --write` from the declarations of errors. Do not edit by hand. -->';

const introduction = `# Error codes

${note}

Every error that Enclos throws on purpose is an \`EnclosError\` with a \`code\` from this page, a \`kind\`, a safe
\`message\`, a \`next\` step and public \`details\`. Each area has a page that says what throws its codes and what to do.

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
  ['gate-errors.js', ({ errorsFromEnclave }) => errorsFromEnclave, 'an enclave, at its host'],
  ['gate-errors.js', ({ errorsFromHost }) => errorsFromHost, 'a host, in its enclave'],
  [
    'software/channel-errors.js',
    ({ errorsFromPlatform }) => errorsFromPlatform(),
    'the platform, at hosts and enclaves',
  ],
];

/** What the command ends with for an error of a kind. */
async function exitCodesOf(base) {
  const { exitCodeOf } = await import(
    pathToFileURL(join(base, 'packages/ground/command-line/dist/src/exit-codes.js')).href
  );
  return (kind) => exitCodeOf({ kind });
}

async function raisersOf(base) {
  const lists = await Promise.all(
    peers.map(async ([path, codesOf, who]) => {
      const built = await import(pathToFileURL(join(base, 'packages/runtime/tee/dist/src', path)).href);
      return { codes: new Set(codesOf(built)), who };
    }),
  );
  return (code) => lists.filter(({ codes }) => codes.has(code)).map(({ who }) => who);
}

/** What people wrote about a code: causes and cures, below its heading. */
function causesOf(base, code) {
  const path = join(base, causesFolder, `${code}.md`);
  return existsSync(path) ? `\n${readFileSync(path, 'utf8').trim()}\n` : '';
}

const byName = (left, right) => (left.name < right.name ? -1 : 1);
const link = ({ name, folder }) => `[\`${name}\`](../../../${folder})`;

function sectionOf({ code, kind, summary, next }, { base, throwers, raisers, exitCode }) {
  const from = [...(throwers.get(code) ?? [])].toSorted(byName).map(link);
  const raised = raisers(code);
  return `
## ${code}

${summary}

**What to do:** ${next}

| | |
|---|---|
| kind | [\`${kind}\`](../errors.md#kinds): ${kinds[kind]} |
| exit code of \`enclos\` | ${exitCode(kind)} |
| thrown by | ${from.join(', ')} |
| a peer that may raise it | ${raised.length === 0 ? 'none: from a peer it arrives as [`GATE_REMOTE_ERROR`](gate.md#gate_remote_error)' : raised.join('; ')} |
${causesOf(base, code)}`;
}

function pageOf({ name, entries }, sources) {
  const packages = [...new Set(entries.map(({ declaredBy }) => declaredBy))].map(link);
  const sections = entries.map((entry) => sectionOf(entry, sources));
  return `# Errors of the area ${name}

${note}

Declared by ${packages.join(' and ')}. [All areas](../errors.md).
${sections.join('')}`;
}

const row = ({ code, area, kind, summary }) =>
  `| [\`${code}\`](errors/${area}.md#${code.toLowerCase()}) | \`${kind}\` | ${summary} |`;

function indexOf(areas, { exitCode }) {
  const kindRows = Object.entries(kinds).map(([kind, todo]) => `| \`${kind}\` | ${todo} | ${exitCode(kind)} |`);
  const sections = areas.map(
    ({ name, entries }) => `\n## ${name}\n\n| code | kind | meaning |\n|---|---|---|\n${entries.map(row).join('\n')}\n`,
  );
  return `${introduction}${kindRows.join('\n')}\n${sections.join('')}`;
}

function firstDifference(path, actual, expected) {
  const [have, want] = [actual.split('\n'), expected.split('\n')];
  const at = want.findIndex((line, number) => line !== have[number]);
  const line = at === -1 ? want.length : at;
  return [
    `${path}:${line + 1}: not what the packages declare; run: node tools/docs.mjs --write`,
    `  is:        ${have[line] ?? '(end of file)'}`,
    `  should be: ${want[line] ?? '(end of file)'}`,
  ];
}

const codePattern = /^(?=.{1,64}$)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
/** One line that ends with a period. */
const sentence = /^\S[^\n]*[^.\s]\.$/;

/** What is wrong with a declaration: `[text]`. */
export function problemsOfEntry({ code, kind, summary, next }) {
  return [
    codePattern.test(code) ? [] : 'is not SCREAMING_SNAKE_CASE of at most 64 characters, which cross the gate',
    Object.hasOwn(kinds, kind) ? [] : `has the kind ${kind}, which is not one of the documented kinds`,
    sentence.test(summary) ? [] : 'has a summary that is not one line with a period at its end',
    sentence.test(next) ? [] : 'has a next step that is not one line with a period at its end',
    next === 'Look up the error code.' ? 'has no advice on what to do next' : [],
  ].flat();
}

/** Writes the pages, or compares them; returns problems, one line each. */
export async function checkErrorPages(base, { write }) {
  const areas = await errorAreas(base);
  const sources = {
    base,
    throwers: throwersOf(base),
    raisers: await raisersOf(base),
    exitCode: await exitCodesOf(base),
  };
  const entries = areas.flatMap((area) => area.entries);
  const pages = new Map([
    [index, indexOf(areas, sources)],
    ...areas.map((area) => [`${pagesFolder}/${area.name}.md`, pageOf(area, sources)]),
  ]);
  const codes = new Set(entries.map(({ code }) => code));
  const wrong = [
    ...entries.flatMap((entry) =>
      problemsOfEntry(entry).map((problem) => `${entry.declaredBy.folder}: ${entry.code} ${problem}`),
    ),
    ...entries
      .filter(({ code }) => !sources.throwers.has(code))
      .map(({ code, declaredBy }) => `${declaredBy.folder}: nothing throws ${code}`),
    ...filesUnder(join(base, causesFolder), (path) => !codes.has(basename(path, '.md'))).map(
      (path) => `${fromRoot(path)}: not the name of a code`,
    ),
  ];
  if (write) {
    rmSync(join(base, pagesFolder), { recursive: true, force: true });
    mkdirSync(join(base, pagesFolder), { recursive: true });
    for (const [path, text] of pages) writeFileSync(join(base, path), text);
    return wrong;
  }
  const stale = filesUnder(join(base, pagesFolder), () => true)
    .map(fromRoot)
    .filter((path) => !pages.has(path));
  const differences = [...pages].flatMap(([path, text]) => {
    const actual = existsSync(join(base, path)) ? readFileSync(join(base, path), 'utf8') : '';
    return actual === text ? [] : firstDifference(path, actual, text);
  });
  return [...wrong, ...stale.map((path) => `${path}: not an area of errors`), ...differences];
}
