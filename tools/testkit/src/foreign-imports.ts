import { readFileSync } from 'node:fs';

const importPattern = /^(?:import\b[^;'"]*|export\s*(?:\{[^}]*\}|\*)\s*from\s*)'([^']+)'/gm;

/**
 * What the compiled modules of a package import from outside of it, directly or not: for the test that an entry runs where there is
 * no Node.
 *
 * @param entry the URL of the compiled entry.
 */
export function foreignImports(entry: URL): readonly string[] {
  const seen = new Set<string>();
  const walk = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(importPattern)) {
      if (specifier.startsWith('.')) walk(new URL(specifier, url));
      else seen.add(specifier);
    }
  };
  walk(entry);
  return [...seen].filter((name) => !name.startsWith('file:')).toSorted();
}
