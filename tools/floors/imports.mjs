import { lineAt, parsedFile } from './parsed.mjs';

/** A dynamic import names a package only when its argument is a plain string. */
function literal(text, { start, end }) {
  const argument = text.slice(start, end);
  return /^(['"])[^'"]*\1$/.test(argument) ? argument.slice(1, -1) : undefined;
}

/** Every module that a TypeScript file names, types included: `[{ specifier, line }]`. */
export function importsOf(file) {
  const { text, module } = parsedFile(file);
  const named = [
    ...module.staticImports.map(({ moduleRequest, start }) => ({ specifier: moduleRequest.value, start })),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries
        .filter(({ moduleRequest }) => moduleRequest !== null)
        .map(({ moduleRequest }) => ({ specifier: moduleRequest.value, start })),
    ),
    ...module.dynamicImports.map(({ moduleRequest, start }) => ({ specifier: literal(text, moduleRequest), start })),
  ].filter(({ specifier }) => specifier !== undefined);
  const seen = new Set();
  return named
    .map(({ specifier, start }) => ({ specifier, line: lineAt(text, start) }))
    .filter(({ specifier, line }) => {
      const key = `${specifier} ${line}`;
      return !seen.has(key) && seen.add(key);
    });
}
