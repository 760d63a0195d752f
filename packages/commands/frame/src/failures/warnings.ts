import type { Diagnostic } from '@enclos/build/diagnostics';
import { printable, type Printer } from '@enclos/command-line';

/** Warnings of the build, one a line: they stop nothing, so they get no code frame. */
export function renderWarnings(warnings: readonly Diagnostic[], printer: Printer): void {
  for (const { text, file, line, suggestion } of warnings) {
    const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
    printer.line(`${printer.paint('yellow', '⚠')} ${printable(place + text)}`);
    if (suggestion !== undefined) printer.line(`  ${printer.paint('dim', 'use:')} ${printable(suggestion)}`);
  }
}
