import { SourceMap } from 'node:module';
import type { AppModule } from '@enclos/consortium-app';

const inline = /\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;
const position = /(\/?[\w@./-]+\.m?js):(\d+)(?::(\d+))?/g;

/** Gives a function that puts places of the sources in traces where places of built modules stand. */
export function sourcePlaces(modules: readonly AppModule[]): (text: string) => string {
  const maps = new Map<string, SourceMap>();
  for (const { name, source } of modules) {
    const [, map] = inline.exec(source.slice(-8_388_608)) ?? [];
    if (map === undefined) continue;
    const parsed: unknown = JSON.parse(Buffer.from(map, 'base64').toString());
    maps.set(`/${name}`, new SourceMap(parsed as ConstructorParameters<typeof SourceMap>[0]));
  }
  if (maps.size === 0) return (text) => text;
  return (text) =>
    text.replaceAll(position, (whole, file: string, line: string, column: string | undefined) => {
      const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column ?? 1) - 1);
      if (entry === undefined || !('originalSource' in entry)) return whole;
      return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    });
}
