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
