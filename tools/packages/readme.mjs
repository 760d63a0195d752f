import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { linksOf, parseMarkdown } from '../docs/markdown.mjs';
import { escaped } from '../lib/text.mjs';

const isExternal = (target) => /^(?:[a-z][a-z0-9+.-]*:|#|\/)/i.test(target);

/**
 * A README whose links work on a registry: what leads to a file that the package ships stays, and what leads elsewhere
 * in the repository leads there by its address.
 *
 * @param page the path of the README in the repository
 * @param isShipped tells of a path in the package whether its tarball has it
 */
export function publishedReadme(text, { page, base, homepage, isShipped }) {
  const lines = text.split('\n');
  for (const { target, line } of linksOf(parseMarkdown(text))) {
    if (isExternal(target)) continue;
    const [path, anchor] = target.split('#');
    const inRepository = join(dirname(page), decodeURIComponent(path));
    const inPackage = relative(dirname(page), inRepository);
    if (!inPackage.startsWith('..') && isShipped(inPackage)) continue;
    if (!existsSync(join(base, inRepository))) throw new Error(`${page}:${line}: link ${target}: no such file`);
    const address = `${homepage}/tree/HEAD/${inRepository.replace(/\/$/, '')}${anchor === undefined ? '' : `#${anchor}`}`;
    // Spans of code come first, and stay. The closing bracket or the space keeps a target apart from a longer one.
    lines[line - 1] = lines[line - 1].replaceAll(
      new RegExp(String.raw`(\`+)(?!\`).*?[^\`]\1(?!\`)|(\]\(\s*<?|\]:\s*<?)${escaped(target)}(?=[\s>)]|$)`, 'g'),
      (found, code, before) => (code === undefined ? `${before}${address}` : found),
    );
  }
  return lines.join('\n');
}
