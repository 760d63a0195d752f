/** A path with parameters, such as `/records/{key}`, taken apart. */
export interface PathTemplate {
  readonly text: string;
  readonly names: readonly string[];
  /** The path's parts between slashes. Each is literals with a parameter between every two of them. */
  readonly segments: readonly (readonly string[])[];
}

const maximumParameters = 32;

/** What is wrong with the path of an endpoint; undefined when nothing is. */
export function templateProblem(path: string): string | undefined {
  if (!path.startsWith('/') || path.length > 1024) return 'must begin with / and have at most 1024 characters.';
  if (/[{}]/.test(path.replaceAll(/\{[^{}/]+\}/g, ''))) return 'has a brace outside of a parameter like {name}.';
  // `{a}{b}` says nothing about where the one ends.
  if (path.includes('}{')) return 'has two parameters without a text between them.';
  const names = path.match(/\{[^{}]+\}/g) ?? [];
  if (names.length > maximumParameters) return `has more than ${maximumParameters} parameters.`;
  return new Set(names).size === names.length ? undefined : 'has one parameter twice.';
}

/** @returns undefined for a path without parameters. */
export function parseTemplate(text: string): PathTemplate | undefined {
  const names = [...text.matchAll(/\{([^{}/]+)\}/g)].map(([, name = '']) => name);
  if (names.length === 0) return undefined;
  return { text, names, segments: text.split('/').map((part) => part.split(/\{[^{}/]+\}/)) };
}

/**
 * The values of a template's parameters in a path, as they were sent. CCF makes a regular expression with `([^/]+)` for each
 * parameter; this gives the same values, and its cost is linear.
 */
export function matchTemplate({ names, segments }: PathTemplate, path: string): Record<string, string> | undefined {
  const parts = path.split('/', segments.length + 1);
  if (parts.length !== segments.length) return undefined;
  const values: string[] = [];
  for (const [index, literals] of segments.entries()) {
    const found = matchSegment(literals, parts[index] ?? '');
    if (found === undefined) return undefined;
    values.push(...found);
  }
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** From the end, since the first parameters of the regular expression take as much as they can. */
function matchSegment(literals: readonly string[], part: string): readonly string[] | undefined {
  const [first = '', ...rest] = literals;
  if (rest.length === 0) return part === first ? [] : undefined;
  const last = rest.pop() ?? '';
  if (!part.startsWith(first) || !part.endsWith(last)) return undefined;
  let end = part.length - last.length;
  const values: string[] = [];
  for (const literal of rest.toReversed()) {
    // A parameter has at least one character, hence the room on both sides.
    const at = part.lastIndexOf(literal, end - 1 - literal.length);
    if (end - 1 - literal.length < 0 || at <= first.length) return undefined;
    values.unshift(part.slice(at + literal.length, end));
    end = at;
  }
  return end > first.length ? [part.slice(first.length, end), ...values] : undefined;
}
