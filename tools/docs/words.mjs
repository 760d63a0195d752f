// Words that make English read as if it were translated (docs/style.md has them with what to write in their place).
// Pages are held to them, and so are the comments and texts of shipped code. A check of words cannot tell whether prose
// is good. It keeps out what a reader of this project once had to mend by the hundred.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { filesUnder, workspaces } from '../lib/workspace.mjs';

const sentenceStart = String.raw`(?:^|[.:;!?]\s+|\*\s+|["'\x60(|]\s*)`;
const words = [
  {
    pattern:
      /(?<!\b[Tt]here )\b(?:is|are|was|were) no (?!(?:longer|more|less|fewer|later|earlier|sooner|different|better|worse|larger|smaller|one)\b)/g,
    instead: 'write "is not a ..." or "has no ..."',
  },
  {
    pattern: /\b(?:nobody|somebody|whoever|whosoever)\b/gi,
    instead: 'name the party: callers, another user, the host',
  },
  {
    // "The gates of its own enclaves" is fine: there the phrase stands before its noun.
    pattern:
      /\bof (?:its|their|his|her|our|your) own\b(?!\s+(?!(?:that|which|and|with|in|on|at|where|of|for|from|by|to|is|are|has|too|as|or|so|when|but)\b)[a-z])/g,
    instead: 'write "its own ..." before the noun, or leave it out',
  },
  {
    pattern: new RegExp(String.raw`${sentenceStart}Who (?![^.?!]*\?)`, 'gm'),
    instead: 'begin with the subject: "Callers that ..."',
  },
  { pattern: new RegExp(String.raw`${sentenceStart}Of (?!course\b)`, 'gm'), instead: 'begin with the subject' },
  { pattern: /\b(?:for|by|from|to|with|that) who\b/g, instead: 'name the party: "for anyone that ..."' },
  {
    pattern:
      /(?<!\b(?:months|days|is|are|be|number is) )\bbehind (?!the newest\b)(?!(?:a|an|the) (?:proxy|proxies|gateway|firewall|load balancer|router|reverse proxy|scenes|interface|lock|flag)\b)/gi,
    instead: 'write "after" for time and order, "under" or "by" otherwise',
  },
  { pattern: /\bto be had\b/g, instead: 'write "available"' },
  { pattern: /\b(?:dear|dearer|costly dear)\b/g, instead: 'write "expensive", or give the figure' },
  { pattern: /\bnone of (?:its|their) business\b/g, instead: 'write "are ignored"' },
];

const lineAt = (text, offset) => text.slice(0, offset).split('\n').length;

/** Blocks and spans of code are not prose. */
const proseOf = (page) =>
  page
    .replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/`[^`\n]*`/g, (code) => '`'.padEnd(code.length - 1, 'x') + '`');

function hitsIn(text) {
  return words.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
      line: lineAt(text, index + found.trimEnd().length - 1),
      found: found.replace(/^[^A-Za-z]+/, '').trim(),
      instead,
    })),
  );
}

/** The comments and texts of a source file, everything else blanked. */
function spokenIn(path) {
  const source = readFileSync(path, 'utf8');
  const { comments, program } = parseSync(path, source);
  const spans = comments.map(({ start, end }) => [start, end]);
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
      return;
    }
    const isText = (node.type === 'Literal' && typeof node.value === 'string') || node.type === 'TemplateElement';
    if (isText && node.end - node.start > 12) spans.push([node.start, node.end]);
    for (const value of Object.values(node)) visit(value);
  };
  visit(program);
  const blanked = source.replaceAll(/[^\n]/g, ' ').split('');
  for (const [start, end] of spans) for (let i = start; i < end; i++) blanked[i] = source[i];
  return blanked.join('');
}

/** Problems of words in pages, one line each. */
export function checkPages(pages, base) {
  return pages.flatMap((page) =>
    hitsIn(proseOf(readFileSync(join(base, page), 'utf8'))).map(
      ({ line, found, instead }) => `${page}:${line}: "${found}": ${instead}`,
    ),
  );
}

/** Problems of words in the comments and texts of shipped code, one line each. */
export function checkSources(base) {
  return workspaces(base)
    .filter(({ folder }) => /^(?:packages|services|apps|samples)\//.test(folder))
    .flatMap(({ path }) =>
      ['src', 'templates'].flatMap((folder) => filesUnder(join(path, folder), (file) => file.endsWith('.ts'))),
    )
    .flatMap((path) =>
      hitsIn(spokenIn(path)).map(
        ({ line, found, instead }) => `${relative(base, path)}:${line}: "${found}": ${instead}`,
      ),
    );
}
