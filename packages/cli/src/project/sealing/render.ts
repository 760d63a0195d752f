import { printable, type Printer } from '@enclos/command-line';
import type { ClosedState } from './closed-state.ts';

/** @param subject what cannot open the state: `this run` */
export function renderClosedState(state: ClosedState, subject: string, notes: Printer): void {
  const { lastRunMs, code, changes, wayBack } = state;
  const line = (text: string): void => notes.line(`  ${printable(text)}`);
  const when = `${new Date(lastRunMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  notes.line(
    `${notes.paint('yellow', '⚠')} If the enclave sealed state up to ${when}, ${subject} cannot open it (${code}). What changed:`,
  );
  const width = Math.max(...changes.map(({ what }) => what.length));
  for (const { what, before, now } of changes) line(`  ${what.padEnd(width)}  ${before} → ${now}`);
  for (const sentence of wayBack.first) line(sentence);
  notes.line(`  To open it: ${notes.paint('cyan', printable(wayBack.command))}`);
  if (code === 'SEAL_SVN_TOO_NEW') return;
  line('To move it to the new identity: docs/how-to/keep-state.md, section "When the signer or the mode changes"');
}
