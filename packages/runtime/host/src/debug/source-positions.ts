import { SourceMap } from 'node:module';

/** How the loader names the script of every enclave. */
const position = /\benclave\.js:(\d{1,7}):(\d{1,9})\b/g;

/**
 * Replaces the positions in a stack trace of an enclave by positions in its sources. Only debug enclaves reveal traces. The
 * text comes from the enclave, and the map only says where code comes from: nothing relies on either.
 * @param json a source map, version 3: NAME.map of the build.
 * @returns the same text for places that the map does not know.
 */
export function sourcePositions(json: string): (text: string) => string {
  let map: SourceMap | undefined;
  return (text) =>
    text.replace(position, (found, line: string, column: string) => {
      // Parsed only when needed: the map of a bundle takes some milliseconds to read.
      map ??= new SourceMap(JSON.parse(json) as ConstructorParameters<typeof SourceMap>[0]);
      const origin = map.findOrigin(Number(line), Number(column));
      if (!('fileName' in origin) || typeof origin.fileName !== 'string') return found;
      return `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
    });
}
