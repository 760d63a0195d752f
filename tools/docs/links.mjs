import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { anchorsOf, linksOf, parseMarkdown } from './markdown.mjs';

const isExternal = (target) => /^[a-z][a-z0-9+.-]*:/i.test(target);

function problemWith(target, page, base) {
  const [path, anchor] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
  if (relative(base, file).startsWith('..')) return 'leads out of the repository';
  if (!existsSync(file)) return 'no such file';
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  const anchors = anchorsOf(parseMarkdown(readFileSync(file, 'utf8')));
  return anchors.has(anchor) ? undefined : `no heading #${anchor} in ${relative(base, file)}`;
}

/** Problems with the relative links of `pages` (paths relative to `base`), one line each. */
export function checkLinks(pages, base) {
  return pages.flatMap((name) => {
    const page = join(base, name);
    return linksOf(parseMarkdown(readFileSync(page, 'utf8')))
      .filter(({ target }) => !isExternal(target))
      .map(({ target, line }) => ({ target, line, problem: problemWith(target, page, base) }))
      .filter(({ problem }) => problem !== undefined)
      .map(({ target, line, problem }) => `${name}:${line}: link ${target}: ${problem}`);
  });
}
