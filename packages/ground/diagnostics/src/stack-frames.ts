/** `ENCLOS_STACK=1` asks every program for whole stack traces, with the frames of Enclos and of Node. */
export const stackVariable = 'ENCLOS_STACK';

const frame = /^\s+at /;
const caller = /^\s+at (?:async )?/;
const inBrackets = /\(([^()]*)\)$/;
const place = /^(.+):(\d{1,7}):(\d{1,9})$/;
const nodes = /\bnode:|\[eval\]|<anonymous>\)?$/;
const packages = /[/\\]node_modules[/\\]@enclos[/\\]/;
/** In a checkout the packages lie in `packages`, and links in node_modules lead there. Undefined where they are installed or bundled. */
const checkout = /^file:\/\/(.*\/packages\/)ground\/diagnostics\//.exec(import.meta.url)?.[1];

/** Where a frame of a stack trace points to. */
export interface FramePlace {
  /** A path or a `file:` URL. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** The place of a line of a stack trace; undefined for a line without one. */
export function placeOfFrame(line: string): FramePlace | undefined {
  if (!frame.test(line)) return undefined;
  const where = inBrackets.exec(line)?.[1] ?? line.replace(caller, '');
  const [, file, row, column] = place.exec(where) ?? [];
  return file === undefined ? undefined : { file, line: Number(row), column: Number(column) };
}

/** A stack trace without the frames of Enclos and of Node: what is left is the reader's own code. */
export function withoutInternalFrames(trace: string): string {
  return trace
    .split('\n')
    .filter((line) => !frame.test(line) || !isInternal(line))
    .join('\n');
}

/** The frames of a stack trace that are the reader's own code. */
export function ownFrames(trace: string): readonly string[] {
  return trace.split('\n').filter((line) => frame.test(line) && !isInternal(line));
}

function isInternal(line: string): boolean {
  return nodes.test(line) || packages.test(line) || (checkout !== undefined && line.includes(checkout));
}
