// Until the packages are published, anyone may register their names. A page that says `npm create` or `npx` with such a name
// would make its reader run the program of a stranger. So these commands stand on pages that are switched on at publishing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linksOf, parseMarkdown } from './markdown.mjs';

/** The switch. Turn it on in the commit that publishes the packages, and the check says which pages to change. */
const arePublished = false;

/** Pages that are in force once the packages are published. No other page leads to them before. */
const pagesOfPublished = ['docs/how-to/install-from-npm.md', 'packages/create-enclos/README.md'];

/** The program that npm runs then says how it is called. */
const isOfPublished = (page) => page.startsWith('packages/create-enclos/src/');

/** What these pages say until then. */
const notice = '**Not in force yet.**';

// A name that npm would ask a registry for: not a file, and not with `--no`, which runs what is installed or nothing.
const name = String.raw`(?:create-)?(?:@enclos\/[a-z-]+|enclos(?:-[a-z-]+)?)(?:@[^\s\x60'"]*)?(?![\w./-])`;
const options = String.raw`(?:--?(?!-?no\b)[a-z-]+(?:=\S+)?\s+)*`;
const commands = [
  String.raw`\b(?:npx|pnpx|bunx|pnpm dlx|npm exec|pnpm exec|yarn dlx)\s+${options}(?:--\s+)?${name}`,
  String.raw`\b(?:npm|pnpm|yarn|bun)\s+(?:create|init)\s+${options}${name}`,
  String.raw`\b(?:npm|pnpm|yarn|bun)\s+(?:install|i|add)\s+(?:[^\s\x60'"\n]+\s+)*?${name}`,
];
const pattern = new RegExp(commands.join('|'), 'g');

/** The places of commands that ask a registry for a package of Enclos: `[{ line, found }]`. */
export function registryCommands(text) {
  return text
    .split('\n')
    .flatMap((line, index) => [...line.matchAll(pattern)].map(([found]) => ({ line: index + 1, found })));
}

const leadsTo = (page, target) => {
  const path = target.split('#')[0];
  return path !== '' && !/^[a-z]+:/.test(path) && join(page, '..', path);
};

function pageProblems(page, text, published) {
  if (pagesOfPublished.includes(page)) {
    if (published === text.includes(notice)) {
      return [`${page}: ${published ? 'still says' : 'does not say'} "${notice}"`];
    }
    return [];
  }
  if (published || isOfPublished(page)) return [];
  const links = linksOf(parseMarkdown(text)).filter(({ target }) => pagesOfPublished.includes(leadsTo(page, target)));
  return [
    ...registryCommands(text).map(
      ({ line, found }) =>
        `${page}:${line}: "${found}" asks a registry for a name that anyone may register: write npx --no`,
    ),
    ...links.map(({ target, line }) => `${page}:${line}: link ${target}: that page is not in force yet`),
  ];
}

/** Problems of pages, one line each. */
export function publishingProblems(pages, base, published = arePublished) {
  const texts = pages.map((page) => ({ page, text: readFileSync(join(base, page), 'utf8') }));
  const problems = texts.flatMap(({ page, text }) => pageProblems(page, text, published));
  if (!published) return problems;
  const linked = new Set(
    texts.flatMap(({ page, text }) => linksOf(parseMarkdown(text)).map(({ target }) => leadsTo(page, target))),
  );
  const unlinked = pagesOfPublished.filter((page) => page.startsWith('docs/') && !linked.has(page));
  return [...problems, ...unlinked.map((page) => `${page}: no page leads to it, and the packages are published`)];
}
