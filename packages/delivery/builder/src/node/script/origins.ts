import { SourceMap } from 'node:module';

/** A place in a source file. */
export interface Origin {
  /** Relative to the project folder, with forward slashes. */
  readonly file: string;
  /** The text of the whole file. */
  readonly text: string;
  /** UTF-16 offset in the text. */
  readonly offset: number;
}

interface MapText {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly string[];
}

/** Offsets at which the lines of a text begin. */
function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The index of the last start that is not after the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  for (let high = starts.length; high - low > 1;) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Where the code at an offset of a script comes from; undefined for code that the bundler added.
 * @param json the script's source map, with the contents of the sources.
 */
export function originsOf(script: string, json: string): (offset: number) => Origin | undefined {
  const starts = lineStarts(script);
  let known: { readonly map: SourceMap; readonly texts: ReadonlyMap<string, string> } | undefined;
  const sourceLines = new Map<string, readonly number[]>();
  return (offset) => {
    if (known === undefined) {
      // The bundler made it, with contents for every source. Read only when asked for: large maps take a while.
      const payload = JSON.parse(json) as MapText & ConstructorParameters<typeof SourceMap>[0];
      const texts = payload.sources.map((source, i) => [source, payload.sourcesContent[i] ?? ''] as const);
      known = { map: new SourceMap(payload), texts: new Map(texts) };
    }
    const line = lineAt(starts, offset);
    const entry = known.map.findEntry(line, offset - (starts[line] ?? 0));
    if (!('originalSource' in entry)) return undefined;
    const { originalSource: file, originalLine, originalColumn } = entry;
    const text = known.texts.get(file);
    if (text === undefined) return undefined;
    const lines = sourceLines.get(file) ?? lineStarts(text);
    sourceLines.set(file, lines);
    return { file, text, offset: (lines[originalLine] ?? 0) + originalColumn };
  };
}
