/** The lines of a table by the name that each begins with; a line that begins with a space goes on with the one before. */
export function linesOf(table: string): ReadonlyMap<string, readonly string[]> {
  const lines = table.trim().replaceAll('\n ', ' ').split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', ...words] = line.split(' ');
      return [name, words] as const;
    }),
  );
}

/** Looks up what `parse` makes of a line, when it is first asked for. */
export function parsedOnce<Entry>(
  lines: ReadonlyMap<string, readonly string[]>,
  parse: (words: readonly string[], name: string) => Entry,
): (name: string) => Entry | undefined {
  const parsed = new Map<string, Entry>();
  return (name) => {
    const known = parsed.get(name);
    if (known !== undefined) return known;
    const words = lines.get(name);
    if (words === undefined) return undefined;
    const entry = parse(words, name);
    parsed.set(name, entry);
    return entry;
  };
}
