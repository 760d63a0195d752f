import type { Diagnostic } from './diagnostic.ts';
import { printable } from './printable.ts';

export interface RenderOptions {
  /** ANSI colours. The caller knows whether a terminal is listening; the default is none. */
  readonly color?: boolean;
  /** Widest source line shown before it is cut to a window around the mark. */
  readonly width?: number;
}

type Paint = (text: string) => string;

interface Palette {
  readonly error: Paint;
  readonly warning: Paint;
  readonly place: Paint;
  readonly mark: Paint;
  readonly quiet: Paint;
}

const plain: Palette = { error: same, warning: same, place: same, mark: same, quiet: same };
const ansi: Palette = { error: sgr('1;31'), warning: sgr('1;33'), place: sgr('36'), mark: sgr('31'), quiet: sgr('2') };

function same(text: string): string {
  return text;
}

function sgr(code: string): Paint {
  return (text) => `\u001B[${code}m${text}\u001B[0m`;
}

interface Window {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** Cuts a long line to `width`, keeping the mark in sight, with an ellipsis at each cut. */
function windowAround(line: string, start: number, length: number, width: number): Window {
  if (line.length <= width) return { text: line, start, length };
  const shown = Math.min(length, width - 2);
  const from = Math.max(0, Math.min(start - Math.floor((width - shown) / 2), line.length - width));
  const head = from > 0 ? '…' : '';
  const tail = from + width < line.length ? '…' : '';
  const text = head + line.slice(from + head.length, from + width - tail.length) + tail;
  const at = Math.max(head.length, start - from);
  return { text, start: at, length: Math.min(shown, text.length - at) };
}

type Place = Omit<Diagnostic, 'code' | 'text' | 'notes'>;

function frame(diagnostic: Place, palette: Palette, width: number): string[] {
  const { line, lineText } = diagnostic;
  if (line === undefined || lineText === undefined) return [];
  const at = Math.min(Math.max(0, (diagnostic.column ?? 1) - 1), lineText.length);
  const length = Math.max(1, Math.min(diagnostic.length ?? 1, lineText.length - at));
  const cut = windowAround(printable(lineText), at, length, width);
  const gutter = String(line);
  const blank = ' '.repeat(gutter.length);
  const mark = '^'.repeat(Math.max(1, cut.length));
  return [
    `  ${palette.quiet(`${gutter} │`)} ${cut.text}`,
    `  ${palette.quiet(`${blank} │`)} ${' '.repeat(cut.start)}${palette.mark(mark)}`,
  ];
}

function place(diagnostic: Place): string | undefined {
  if (diagnostic.file === undefined) return undefined;
  if (diagnostic.line === undefined) return diagnostic.file;
  return `${diagnostic.file}:${diagnostic.line}:${diagnostic.column ?? 1}`;
}

/** A place in a source, with its line and a mark, as lines. */
export function renderPlace(diagnostic: Place, options: RenderOptions = {}): string[] {
  const palette = options.color === true ? ansi : plain;
  const where = place(diagnostic);
  return [
    ...(where === undefined ? [] : [`  ${palette.place(printable(where))}`]),
    ...frame(diagnostic, palette, Math.max(20, options.width ?? 100)),
  ];
}

/** A diagnostic as text for people: place, source line with a mark, notes, and what to do. */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const palette = options.color === true ? ansi : plain;
  const severity = diagnostic.severity ?? 'error';
  const lines = [
    `${palette[severity](severity)} ${printable(diagnostic.text)} ${palette.quiet(`[${diagnostic.code}]`)}`,
    ...renderPlace(diagnostic, options),
    ...diagnostic.notes.map((note) => `  ${palette.quiet('note:')} ${printable(note)}`),
  ];
  if (diagnostic.suggestion !== undefined) lines.push(`  ${palette.quiet('use:')} ${printable(diagnostic.suggestion)}`);
  return lines.join('\n');
}
