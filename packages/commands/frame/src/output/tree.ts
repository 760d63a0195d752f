import { printable, type Printer } from '@enclos/command-line';

/** One line of a tree, and what is under it. */
export interface TreeNode {
  readonly label: string;
  readonly value?: string;
  readonly note?: string;
  /** Where it begins, in bytes; shown in hex before the label. */
  readonly offset?: number;
  readonly children?: readonly TreeNode[];
}

/** A tree of facts, one a line. Values that stand side by side are aligned. */
export function renderTree(title: string, nodes: readonly TreeNode[], printer: Printer): void {
  printer.line(printer.paint('bold', printable(title)));
  renderNodes(nodes, '', printer);
}

function renderNodes(nodes: readonly TreeNode[], indent: string, printer: Printer): void {
  const leaves = nodes.filter(({ value }) => value !== undefined);
  const width = leaves.reduce((widest, leaf) => Math.max(widest, labelOf(leaf).length), 0);
  for (const [index, node] of nodes.entries()) {
    const isLast = index === nodes.length - 1;
    const { value, note, children = [] } = node;
    const label = labelOf(node);
    const left =
      value === undefined
        ? printable(label)
        : `${printable(label).padEnd(width)}  ${printer.paint('cyan', printable(value))}`;
    const right = note === undefined ? '' : `  ${printer.paint('dim', printable(note))}`;
    printer.line(`${printer.paint('dim', `${indent}${isLast ? '└─' : '├─'}`)} ${left}${right}`);
    renderNodes(children, `${indent}${isLast ? '   ' : '│  '}`, printer);
  }
}

function labelOf({ label, offset }: TreeNode): string {
  return offset === undefined ? label : `${offset.toString(16).padStart(4, '0')} ${label}`;
}
