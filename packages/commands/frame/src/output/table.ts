import { printable, type Printer } from '@enclos/command-line';

export type Mark = 'ok' | 'failure' | 'warning' | 'info';

const marks = { ok: ['green', '✔'], failure: ['red', '✖'], warning: ['yellow', '⚠'], info: ['dim', '·'] } as const;

/** `✔` and its kind, coloured. */
export function markOf(mark: Mark, printer: Printer): string {
  const [style, symbol] = marks[mark];
  return printer.paint(style, symbol);
}

/** Facts side by side, the values aligned. */
export function renderFacts(facts: readonly (readonly [name: string, value: string])[], printer: Printer): void {
  // Names may be foreign too, such as those of the outputs of a model.
  const shown = facts.map(([name, value]) => [printable(name), printable(value)] as const);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  for (const [name, value] of shown) printer.line(`  ${printer.paint('dim', name.padEnd(width))}  ${value}`);
}
