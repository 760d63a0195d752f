import { printable } from './printable.ts';

/** The part of an error with a code that people read. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly next: string;
  readonly details: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Styles a part of a line, or returns it as it is. */
export type FailurePaint = (style: 'red' | 'dim', text: string) => string;

/** An error for people, as lines: what happened, the facts, and what to do. */
export function failureLines(
  { code, message, next, details }: Failure,
  paint: FailurePaint = (_, text) => text,
): readonly string[] {
  // A message has several lines when it holds a stack trace of a debug enclave.
  const [first = '', ...more] = message.split('\n').map(printable);
  return [
    `${paint('red', `✖ ${code}:`)} ${first}`,
    ...more.map((line) => `  ${line}`),
    ...Object.entries(details).map(([name, value]) => `  ${paint('dim', `${name}:`)} ${printable(shown(value))}`),
    `  ${paint('dim', 'next:')} ${printable(next)}`,
  ];
}

function shown(value: Failure['details'][string]): string {
  return typeof value === 'object' ? value.join(', ') : String(value);
}
