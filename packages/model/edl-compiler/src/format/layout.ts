import type { Element } from './elements.ts';

const width = 100;
const indentation = '  ';

/** Where a piece of a statement stands: how deep in parentheses and brackets, before it. */
interface Piece {
  readonly element: Element;
  readonly parentheses: number;
  readonly brackets: number;
  /** Whether a space stands between it and the piece before it on its line. */
  readonly isSpaced: boolean;
}

/** Writes statements as lines. */
export class Layout {
  readonly #lines: string[] = [];
  #isBlankWanted = false;
  /** A comment whose backslash would hide the next line from one of the compilers. */
  #isBlankNeeded = false;

  get text(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }

  /** Asks for an empty line before the next one. */
  separate(): void {
    this.#isBlankWanted = true;
  }

  /** No empty line comes before a closing brace. */
  join(): void {
    this.#isBlankWanted = false;
  }

  line(text: string): void {
    const isComment = text.trimStart().startsWith('//');
    const isBlank = this.#isBlankWanted || (this.#isBlankNeeded && !isComment);
    if (isBlank && this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('');
    this.#isBlankWanted = false;
    this.#isBlankNeeded = false;
    this.#lines.push(text);
    this.#noteBackslash(text);
  }

  /** A comment that stands at the end of the last line. */
  append(text: string): void {
    const last = this.#lines.pop() ?? '';
    this.#lines.push(last === '' ? text : `${last} ${text}`);
    this.#noteBackslash(text);
  }

  /** A comment, at an indentation: lines that begin with an asterisk keep beside one another. */
  comment(text: string, depth: number): void {
    const [first = '', ...rest] = commentLines(text, depth);
    this.line(indentation.repeat(depth) + first);
    for (const line of rest) this.#lines.push(line);
  }

  /** One line, or where it is too long or something in it ends a line, one line for each parameter. */
  statement(pieces: readonly Piece[], depth: number): void {
    const oneLine = pieces
      .map((piece, index) => (piece.isSpaced && index > 0 ? ' ' : '') + piece.element.text)
      .join('');
    const isBroken =
      oneLine.includes('\n') || pieces.some(({ element }, index) => needsLines(element, index === pieces.length - 1));
    if (!isBroken && depth * indentation.length + oneLine.length <= width) {
      this.line(indentation.repeat(depth) + oneLine);
      return;
    }
    this.#broken(pieces, depth);
  }

  #broken(pieces: readonly Piece[], depth: number): void {
    let current = '';
    let isFirst = true;
    const flush = (): void => {
      if (current === '') return;
      this.line(indentation.repeat(isFirst ? depth : depth + 1) + current);
      isFirst = false;
      current = '';
    };
    for (const [index, { element, isSpaced, parentheses, brackets }] of pieces.entries()) {
      if (element.kind === 'directive' || element.kind === 'verbatim') {
        flush();
        this.line(element.text);
        isFirst = false;
        continue;
      }
      if (isOwnLine(element)) {
        flush();
        this.comment(element.text, isFirst ? depth : depth + 1);
        isFirst = false;
        continue;
      }
      if (element.kind !== 'token' && element.endsLine && current === '' && !isFirst) {
        this.append(element.text);
        continue;
      }
      current += (isSpaced && current !== '' ? ' ' : '') + element.text;
      const isEndOfParameter =
        brackets === 0 && ((element.text === '(' && parentheses === 0) || (element.text === ',' && parentheses === 1));
      const isEmptyList = element.text === '(' && pieces[index + 1]?.element.text === ')';
      if (endsLine(element) || (isEndOfParameter && !isEmptyList)) flush();
    }
    flush();
  }

  #noteBackslash(text: string): void {
    this.#isBlankNeeded = /\/\/.*\\$/.test(text);
  }
}

/** A comment that has its own lines. */
export function isOwnLine({ kind, linesBefore, endsLine: isLast, text }: Element): boolean {
  if (kind === 'line-comment') return linesBefore > 0;
  return kind === 'block-comment' && (text.includes('\n') || (linesBefore > 0 && isLast));
}

/** Whether a statement with it has more than one line. */
function needsLines(element: Element, isLast: boolean): boolean {
  const isWhole = element.kind === 'directive' || element.kind === 'verbatim' || isOwnLine(element);
  return isWhole || (!isLast && endsLine(element));
}

/** Whether something must begin a new line after it. */
function endsLine(element: Element): boolean {
  return (
    element.kind !== 'token' && (element.kind !== 'block-comment' || element.endsLine || element.text.includes('\n'))
  );
}

function commentLines(text: string, depth: number): string[] {
  return text.split('\n').map((line, index) => {
    const trimmed = line.trim();
    if (index === 0) return trimmed;
    return trimmed.startsWith('*') ? `${indentation.repeat(depth)} ${trimmed}` : line.trimEnd();
  });
}
