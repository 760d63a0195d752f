import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import {
  failureLines,
  ownFrames,
  placeOfFrame,
  renderPlace,
  type FailurePaint,
  type FramePlace,
} from '@enclos/diagnostics';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { failureOf } from './failure.ts';

const maxFrames = 5;
/** A larger file, or a longer line, is not source that a person reads. */
const maxSourceBytes = 2 * 1024 * 1024;
const maxLineLength = 400;

export interface TextOptions {
  readonly color: boolean;
  /** Show the line of the source that the first frame points to. */
  readonly withSource: boolean;
}

/** An error as a diagnostic: code and message, what to do, and the lines of the user's code that it passed through. */
export function errorText(error: EnclosError, { color, withSource }: TextOptions): string {
  const paint: FailurePaint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const here = `${process.cwd()}/`;
  const frames = ownFrames(error.stack ?? '').slice(0, maxFrames);
  const place = withSource ? placeOfFrame(frames[0] ?? '') : undefined;
  const source = place === undefined ? undefined : sourceAt(place, color);
  const rest = source === undefined ? frames : frames.slice(1);
  return [
    ...failureLines(failureOf(error), paint),
    ...(source ?? []),
    ...rest.map((line) => paint('dim', `  ${line.trim().replaceAll(here, '')}`)),
    ...causeOf(error),
  ].join('\n');
}

/** A cause of ours often repeats its error. */
function causeOf({ message, cause }: EnclosError): readonly string[] {
  if (!(cause instanceof Error) || isEnclosError(cause)) return [];
  const [text = ''] = cause.message.split('\n');
  return text === '' || message.includes(text) ? [] : [`  cause: ${text}`];
}

function sourceAt({ file, line, column }: FramePlace, color: boolean): readonly string[] | undefined {
  try {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    if (statSync(path).size > maxSourceBytes) return undefined;
    const lineText = readFileSync(path, 'utf8').split('\n')[line - 1]?.replace(/\r$/, '');
    if (lineText === undefined || lineText.length > maxLineLength) return undefined;
    const near = relative(process.cwd(), path);
    return renderPlace({ file: near.startsWith('..') ? path : near, line, column, lineText }, { color });
  } catch {
    return undefined;
  }
}
