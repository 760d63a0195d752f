import { element, type Child } from '../dom.ts';

/** A part of the result with its heading. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    { class: 'part', 'aria-labelledby': `${id}-title` },
    element('h3', { id: `${id}-title` }, title),
    ...children,
  );
}

/**
 * A table with a heading for each column and, in the first cell, for each row. The roles are said
 * because narrow windows show its rows one below the other, which takes them away.
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLTableElement {
  return element(
    'table',
    { role: 'table' },
    element('caption', { class: 'hidden-text' }, caption),
    element('thead', { role: 'rowgroup' }, headings(columns)),
    element(
      'tbody',
      { role: 'rowgroup' },
      ...rows.map(([first, ...rest]) =>
        element(
          'tr',
          { role: 'row' },
          element('th', { role: 'rowheader', scope: 'row' }, first),
          ...rest.map((cell) => element('td', { role: 'cell' }, cell)),
        ),
      ),
    ),
  );
}

function headings(columns: readonly string[]): HTMLElement {
  const cells = columns.map((name) => element('th', { role: 'columnheader', scope: 'col' }, name));
  return element('tr', { role: 'row' }, ...cells);
}

/** Names and values, one below the other. */
export function facts(pairs: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
}
