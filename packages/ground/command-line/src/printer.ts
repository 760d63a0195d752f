import { styleText } from 'node:util';

/** What lines are written to. */
export interface TextStream {
  write(text: string): void;
  /** Whether ANSI colours are wanted. */
  readonly color: boolean;
  readonly columns?: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Writes lines for people. */
export interface Printer {
  readonly line: (text?: string) => void;
  /** Styled text for use within a line; unchanged when colours are off. */
  readonly paint: (style: Style, text: string) => string;
  readonly color: boolean;
  readonly width: number;
}

const defaultWidth = 100;

export function createPrinter(stream: TextStream): Printer {
  return Object.freeze({
    line: (text = '') => stream.write(`${text}\n`),
    paint: (style: Style, text: string) => (stream.color ? styleText(style, text, { validateStream: false }) : text),
    color: stream.color,
    width: stream.columns ?? defaultWidth,
  });
}

/**
 * Text from a file, a peer or the command line, fit for a terminal: a control
 * character in it could move the cursor or change what is already shown.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, ' ');
}

/** `1,234`. The locale plays no part, so output is the same everywhere. */
export function grouped(count: number | bigint): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
