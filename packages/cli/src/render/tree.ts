import type { InspectNode } from '@enclos/build/inspect';
import { printable, type Printer } from './printer.ts';

/** A tree of facts, one a line. Values that stand side by side are aligned. */
export function renderTree(title: string, nodes: readonly InspectNode[], printer: Printer): void {
  printer.line(printer.paint('bold', printable(title)));
  renderNodes(nodes, '', printer);
}

function renderNodes(nodes: readonly InspectNode[], indent: string, printer: Printer): void {
  const leaves = nodes.filter(({ value }) => value !== undefined);
  const width = Math.max(0, ...leaves.map(({ label }) => label.length));
  for (const [index, node] of nodes.entries()) {
    const isLast = index === nodes.length - 1;
    const { label, value, note, children = [] } = node;
    const left =
      value === undefined
        ? printable(label)
        : `${printable(label).padEnd(width)}  ${printer.paint('cyan', printable(value))}`;
    const right = note === undefined ? '' : `  ${printer.paint('dim', printable(note))}`;
    printer.line(`${printer.paint('dim', `${indent}${isLast ? '└─' : '├─'}`)} ${left}${right}`);
    renderNodes(children, `${indent}${isLast ? '   ' : '│  '}`, printer);
  }
}
