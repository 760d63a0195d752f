// docs/reference/api/PACKAGE.md is written from the declaration files of the packages that applications import.
// (typedoc does not take this compiler, and api-extractor brings one of its own.)
import { join } from 'node:path';
import { workspaces } from '../lib/workspace.mjs';
import { exportsOf } from './declarations.mjs';
import { checkGenerated } from './generated.mjs';

const folder = 'docs/reference/api';
/** The packages whose entry points have a page, in the order of the index. `boot` is for the bundler alone, `for-testing` for ours. */
const pages = [
  { name: '@enclos/edl', without: [] },
  { name: '@enclos/enclave', without: ['./boot', './for-testing'] },
  { name: '@enclos/host', without: [] },
  { name: '@enclos/http', without: [] },
  { name: '@enclos/attestation', without: ['./browser'] },
  { name: '@enclos/atls', without: [] },
  { name: '@enclos/open-inference', without: [] },
  { name: '@enclos/hpke', without: [] },
  { name: '@enclos/inference-models', without: [] },
  { name: '@enclos/inference-engine', without: [] },
  { name: '@enclos/inference-client', without: [] },
  { name: '@enclos/receipts', without: [] },
  { name: '@enclos/testing', without: [] },
];

/** What a reader starts with: each of these must have an example. */
const entryPoints = new Set([
  'defineInterface',
  'defineEnclave',
  'seal',
  'quote',
  'verifyReport',
  'listen',
  'tlsServer',
  'openMount',
  'loadEnclave',
  'superviseEnclave',
  'createMetrics',
  'serveHttp',
  'eventStream',
  'verifyQuote',
  'appraise',
  'parsePolicy',
  'verifySnpReport',
  'createAttestationClient',
  'createAttestedServer',
  'attestedConnect',
  'createAttestedFetch',
  'startEnclave',
  'createInProcessPlatform',
  'createHostileHost',
  'createBlobStore',
  'attestedFetch',
  'policyAppraiser',
  'createAttestedProxy',
  'webHandlers',
  'createInferenceClient',
  'quoteReportAppraiser',
  'policyReportAppraiser',
  'createSealedCarrier',
  'createAttestedCarrier',
  'createInferenceProxy',
  'writeReceipt',
  'verifyReceipt',
  'checkTensor',
  'tensorOf',
  'parseInferRequest',
  'inferRequestBody',
  'inferResponseBody',
  'parsePredictRequest',
  'parseChatRequest',
  'chatCompletionEvents',
]);

const note = '<!-- Written by `node tools/docs.mjs --write` from the declaration files. Do not edit by hand. -->';

const plain = (text) =>
  text.replaceAll(/\{@link ([^}|\s]+)(?:[|\s]+([^}]*))?\}/g, (_, target, label) => label?.trim() || `\`${target}\``);

/** A doc comment: the text, then its tags, each with what follows it. */
function partsOf(documentation) {
  const [text, ...tags] = documentation.split(/^@(?=[a-z])/m);
  return {
    text: plain(text.trim()),
    tags: tags.map((tag) => {
      const [, name, rest] = /^([a-zA-Z]+)\s*([\s\S]*)$/.exec(tag);
      return { name, rest: name === 'example' ? rest.trim() : plain(rest.trim()) };
    }),
  };
}

const fenced = (code) => (code.includes('```') ? code : `\`\`\`ts\n${code}\n\`\`\``);
const asList = (tags, title) =>
  tags.length === 0 ? [] : [`**${title}**\n\n${tags.map(({ rest }) => `- ${rest.replaceAll('\n', ' ')}`).join('\n')}`];

/** A line of an example that begins with `<caption>` text is its title. */
function exampleOf({ rest }) {
  const [first, ...others] = rest.split('\n');
  const titled = others.some((line) => line.startsWith('```')) && !first.startsWith('```');
  return titled ? `**${first}**\n\n${others.join('\n').trim()}` : `**Example**\n\n${fenced(rest)}`;
}

const withoutExport = (signature) => signature.replace(/^export (?:declare )?/, '').replace(/^declare /, '');

function sectionOf({ name, documentation, signatures }) {
  const { text, tags } = partsOf(documentation);
  const named = (...names) => tags.filter((tag) => names.includes(tag.name));
  const code = `\`\`\`ts ignore: a declaration\n${signatures.map(withoutExport).join('\n')}\n\`\`\``;
  const parts = [
    `### ${name}`,
    text,
    code,
    ...asList(named('param'), 'Parameters'),
    ...asList(named('returns'), 'Returns'),
    ...asList(named('throws'), 'Errors'),
    ...named('example').map(exampleOf),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function entrySection(name, entry, path) {
  const { own, foreign } = exportsOf(path);
  const specifier = entry === '.' ? name : `${name}${entry.slice(1)}`;
  const others = foreign.map(({ name: each, from }) => `\`${each}\` (\`${from}\`)`);
  const also = others.length === 0 ? [] : [`Also exported from here: ${others.join(', ')}.`];
  return [`## ${specifier}`, ...also, ...own.map(sectionOf)].join('\n\n');
}

function pageOf({ name, without }, base) {
  const { path, manifest, folder: place } = workspaces(base).find((workspace) => workspace.name === name);
  const entries = Object.entries(manifest.exports).filter(([entry, { types }]) => types && !without.includes(entry));
  const sections = entries.map(([entry, { types }]) => entrySection(name, entry, join(path, types)));
  const title = `# ${name}\n\n${note}\n\n${manifest.description} Guide: [README](../../../${place}/README.md).`;
  return `${[title, ...sections].join('\n\n')}\n`;
}

const fileOf = (name) => `${folder}/${name.slice('@enclos/'.length)}.md`;

function indexOf(base) {
  const rows = pages.map(({ name }) => {
    const { manifest } = workspaces(base).find((workspace) => workspace.name === name);
    return `| [\`${name}\`](${fileOf(name).slice(folder.length + 1)}) | ${manifest.description} |`;
  });
  return `# TypeScript API\n\n${note}\n\nWhat applications import, by package: every exported name with its declaration.\n\n| package | what it is |\n|---|---|\n${rows.join('\n')}\n`;
}

function missingExamples(base) {
  const declared = pages.flatMap(({ name, without }) => {
    const { path, manifest } = workspaces(base).find((workspace) => workspace.name === name);
    return Object.entries(manifest.exports)
      .filter(([entry, { types }]) => types && !without.includes(entry))
      .flatMap(([, { types }]) => exportsOf(join(path, types)).own);
  });
  return [...entryPoints].flatMap((name) => {
    const found = declared.find((declaration) => declaration.name === name);
    if (found === undefined) return [`${folder}: no package exports the entry point ${name}`];
    return /^@example/m.test(found.documentation) ? [] : [`${folder}: the entry point ${name} has no @example`];
  });
}

/** Writes the pages, or compares them; returns problems, one line each. */
export function checkApiPages(base, { write }) {
  const missing = missingExamples(base);
  if (missing.length > 0) return missing;
  const expected = [
    [`${folder}/README.md`, indexOf(base)],
    ...pages.map((page) => [fileOf(page.name), pageOf(page, base)]),
  ];
  return checkGenerated(base, expected, { write, source: 'the declarations say' });
}
