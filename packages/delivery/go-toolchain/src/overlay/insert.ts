import { EnclosError } from '@enclos/errors';

/** A function of the standard library into whose beginning code goes. */
export interface Anchor {
  /** `Close`, or `(*netFD).connect` for a method. */
  readonly function: string;
  /**
   * Go code, one line. `$1` is the first parameter and so on, `$0` the receiver: names are the library's own and differ between
   * versions. Undefined: the function only has to be there.
   */
  readonly code?: string | undefined;
}

/** The place of a source, for errors. */
export interface AnchorPlace {
  /** Relative to the sources of the standard library. */
  readonly file: string;
  readonly goVersion: string;
}

/**
 * Puts code into functions of a Go source. It stays on the line of the function, so positions in stack traces do not move.
 * @throws GO_ANCHOR_MISSING naming function, file and Go version
 */
export function insertCode(source: string, anchors: readonly Anchor[], place: AnchorPlace): string {
  const lines = source.split('\n');
  for (const anchor of anchors) {
    const at = findFunction(lines, anchor.function, place);
    if (anchor.code !== undefined) lines[at] = `${lines[at]} ${fill(anchor, lines[at] ?? '', place)}`;
  }
  return lines.join('\n');
}

function findFunction(lines: readonly string[], name: string, place: AnchorPlace): number {
  const start = declarationOf(name);
  const found = lines.flatMap((line, at) => (start.test(line) ? [at] : []));
  const [at] = found;
  if (at === undefined || found.length > 1) {
    throw refused(name, place, found.length === 0 ? 'is not there' : `is there ${found.length} times`);
  }
  if (!/\) ?.*\{$/.test(lines[at] ?? '')) throw refused(name, place, 'is declared in another form');
  return at;
}

function declarationOf(name: string): RegExp {
  const method = /^\((\*?\w+)\)\.(\w+)$/.exec(name);
  const start = method === null ? name : `\\(\\w+ ${(method[1] ?? '').replace('*', '\\*')}\\) ${method[2]}`;
  return new RegExp(`^func ${start}\\(`);
}

/** Writes the parameters' names into the code. */
function fill({ function: name, code = '' }: Anchor, declaration: string, place: AnchorPlace): string {
  const receiver = /^func \((\w+) /.exec(declaration)?.[1] ?? '';
  const names = [receiver, ...parameterNames(declaration)];
  return code.replaceAll(/\$(\d)/g, (_, digit: string) => {
    const parameter = names[Number(digit)];
    if (parameter === undefined || !/^\w+$/.test(parameter) || parameter === '_') {
      throw refused(name, place, `has no parameter ${digit}`);
    }
    return parameter;
  });
}

function parameterNames(declaration: string): readonly string[] {
  const start = declaration.indexOf('(', declaration.startsWith('func (') ? declaration.indexOf(')') : 0) + 1;
  let depth = 1;
  let end = start;
  for (; depth > 0 && end < declaration.length; end++) {
    if (declaration[end] === '(' || declaration[end] === '[') depth += 1;
    if (declaration[end] === ')' || declaration[end] === ']') depth -= 1;
  }
  const parts = declaration.slice(start, end - 1).split(',');
  return parts.map((part) => part.trim().split(' ')[0] ?? '');
}

function refused(name: string, { file, goVersion }: AnchorPlace, what: string): EnclosError {
  return new EnclosError(
    'GO_ANCHOR_MISSING',
    `The function ${name}, which Enclos changes for enclaves, ${what} in ${file} of ${goVersion}.`,
    { details: { function: name, file, goVersion } },
  );
}
