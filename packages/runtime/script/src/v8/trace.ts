import { SourceMap } from 'node:module';

/** The name under which V8 knows the linked modules. */
export const MODULES_FILE = 'enclos-linked-modules.js';

/** An address begins where a word does: messages of scripts are in traces, and must not cost their square. */
const position = new RegExp(`(?:(?<![^ ()])file:[^ ()]*/)?${MODULES_FILE}:(\\d+):(\\d+)`, 'g');

/** Gives a function that puts the names and lines of the modules into a trace of V8, and leaves out the engine and what called it. */
export function traceReader(map: string): (stack: string) => string {
  let read: SourceMap | undefined;
  return (stack) => {
    read ??= new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
    const known = read;
    const lines = stack.split('\n').filter((line) => line.startsWith('    at '));
    const isOfEngine = (line: string): boolean => line.includes('enclos-engine-');
    // What a host function threw begins in the engine, too.
    const own = lines.slice(
      Math.max(
        0,
        lines.findIndex((line) => !isOfEngine(line)),
      ),
    );
    const engine = own.findIndex(isOfEngine);
    const frames = engine === -1 ? own : own.slice(0, engine);
    return frames.map((line) => line.replaceAll(position, (_, row, column) => place(known, +row, +column))).join('\n');
  };
}

function place(map: SourceMap, row: number, column: number): string {
  const entry = map.findEntry(row - 1, column - 1);
  if (!('originalSource' in entry)) return `${MODULES_FILE}:${row}:${column}`;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}
