// The little of Markdown that the checks need: fenced blocks, headings and links.

const fence = /^( {0,3})(`{3,}|~{3,})\s*(.*)$/;

/**
 * Splits a page into prose lines and fenced blocks.
 * Returns `{ prose: [{ text, line }], blocks: [{ info, body, line }] }`; `line` counts from 1, and is
 * the first line of a block's body.
 */
export function parseMarkdown(text) {
  const prose = [];
  const blocks = [];
  let open;
  for (const [index, line] of text.split('\n').entries()) {
    const match = fence.exec(line);
    if (open === undefined && match !== null) {
      open = { marker: match[2], info: match[3].trim(), lines: [], line: index + 2 };
    } else if (open !== undefined && match !== null && match[3] === '' && match[2].startsWith(open.marker)) {
      blocks.push({ info: open.info, body: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else if (open === undefined) prose.push({ text: line, line: index + 1 });
    else open.lines.push(line);
  }
  if (open !== undefined) {
    blocks.push({ info: open.info, body: open.lines.join('\n'), line: open.line, unclosed: true });
  }
  return { prose, blocks };
}

const withoutCode = (text) => text.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, (code) => ' '.repeat(code.length));

/** Link and image targets in the prose: `[{ target, line }]`. */
export function linksOf({ prose }) {
  return prose.flatMap(({ text, line }) => {
    const plain = withoutCode(text);
    const inline = [...plain.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
    const reference = [...plain.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/g)];
    return [...inline, ...reference].map(([, target]) => ({ target, line }));
  });
}

/** The anchors that GitHub gives to the headings of a page, with `-1`, `-2` for repeats. */
export function anchorsOf({ prose }) {
  const seen = new Map();
  const anchors = new Set();
  for (const { text } of prose) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text);
    if (heading !== null) {
      const plain = heading[1].replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      anchors.add(count === 0 ? slug : `${slug}-${count}`);
    }
    for (const [, id] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
  }
  return anchors;
}
