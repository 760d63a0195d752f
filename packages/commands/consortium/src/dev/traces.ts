import { SourceMap } from 'node:module';
import type { AppModule } from '@enclos/consortium-app';

/** At the end of a module: its source map, or the name of the file beside it that has it. */
const inline = /\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,([A-Za-z0-9+/=]+)\s*$/;
const beside = /\/\/# sourceMappingURL=([\w.-]{1,255}\.map)\s*$/;
/** A name begins where a word does and is of the length of a path: a request may choose the text, which must not cost its square. */
const position = /(?<![\w@./-])([\w@./-]{1,4096}\.m?js):(\d+)(?::(\d+))?/g;

/**
 * Gives a function that puts places of the sources in traces where places of built modules stand.
 *
 * @param mapBeside the content of a file with a source map, by the names of its module and of it.
 */
export function sourcePlaces(
  modules: readonly AppModule[],
  mapBeside: (module: string, map: string) => string | undefined = () => undefined,
): (text: string) => string {
  const maps = new Map<string, SourceMap>();
  for (const { name, source } of modules) {
    const [, bytes] = inline.exec(source.slice(-8_388_608)) ?? [];
    const [, file] = beside.exec(source.slice(-512)) ?? [];
    const text = bytes === undefined ? file && mapBeside(name, file) : Buffer.from(bytes, 'base64').toString();
    const map = text === undefined ? undefined : readMap(text);
    if (map !== undefined) maps.set(`/${name}`, map);
  }
  if (maps.size === 0) return (text) => text;
  return (text) =>
    text.replaceAll(position, (whole, file: string, line: string, column: string | undefined) => {
      const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column ?? 1) - 1);
      if (entry === undefined || !('originalSource' in entry)) return whole;
      return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
}

/** A map that is none only leaves the places of the built module. */
function readMap(text: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(text) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return undefined;
  }
}
