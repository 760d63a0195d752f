import type { ExplainNode } from '@enclos/evidence/fields';
import { code, element, foreign } from '../dom.ts';
import { mark } from './mark.ts';
import { section } from './section.ts';

type Group = ExplainNode & Required<Pick<ExplainNode, 'children'>>;

/** What the bytes say, group by group. Nothing in it is verified, and the page says so. */
export function fieldsView(nodes: readonly ExplainNode[]): HTMLElement {
  return section(
    'fields',
    'The evidence, field by field',
    element('p', {}, 'This is what the bytes say, whether or not it is true.'),
    ...runsOf(nodes),
  );
}

function isGroup(node: ExplainNode): node is Group {
  return node.children !== undefined && node.children.length > 0;
}

function groupView(group: Group): HTMLElement {
  const { label, children } = group;
  const summary = element('summary', {}, foreign(label), ' ', place(group));
  const isReport = children.some((child) => /^report[_ ]?data$/i.test(child.label));
  const attributes = { class: 'group', ...(isReport ? { open: '' } : {}) };
  return element('details', attributes, summary, ...saying(group), ...runsOf(children));
}

/** Neighbouring fields without parts share a list. */
function runsOf(nodes: readonly ExplainNode[]): readonly HTMLElement[] {
  const views: HTMLElement[] = [];
  let run: ExplainNode[] = [];
  const endRun = (): void => {
    if (run.length > 0) views.push(leafList(run));
    run = [];
  };
  for (const node of nodes) {
    if (isGroup(node)) {
      endRun();
      views.push(groupView(node));
    } else run.push(node);
  }
  endRun();
  return views;
}

function leafList(nodes: readonly ExplainNode[]): HTMLElement {
  return element(
    'dl',
    { class: 'fields' },
    ...nodes.map((node) =>
      element('div', {}, element('dt', {}, foreign(node.label), ' ', place(node)), element('dd', {}, ...saying(node))),
    ),
  );
}

/** What a field has, and what that means. */
function saying({ value = '', note, problem }: ExplainNode): readonly HTMLElement[] {
  const meaning =
    note === undefined
      ? []
      : [
          problem
            ? element('p', { class: 'problem' }, mark('bad', note))
            : element('span', { class: 'meaning' }, foreign(note)),
        ];
  return value === '' ? meaning : [code(value), ...meaning];
}

function place({ offset, sizeBytes }: ExplainNode): HTMLElement | undefined {
  if (offset === undefined || sizeBytes === undefined || sizeBytes === 0) return undefined;
  return element('span', { class: 'place' }, `at ${offset}, ${sizeBytes} ${sizeBytes === 1 ? 'byte' : 'bytes'}`);
}
