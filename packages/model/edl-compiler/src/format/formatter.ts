import type { Element } from './elements.ts';
import { isOwnLine, Layout, type Block } from './layout.ts';
import { isSpaced } from './spacing.ts';

type Piece = Parameters<Layout['statement']>[0][number];

/** Where a formatter is: what `#else` goes back to. */
interface Position {
  readonly blocks: readonly Block[];
  readonly parentheses: number;
  readonly brackets: number;
}

/** Puts each statement on its line, indented by the braces around it. */
export class Formatter {
  readonly #layout = new Layout();
  #position: Position = { blocks: [], parentheses: 0, brackets: 0 };
  readonly #conditionals: Position[] = [];
  #pieces: Piece[] = [];
  /** The tokens among the pieces: how many, and the first. A statement can be as long as its file. */
  #tokens: { readonly count: number; readonly first?: string } = { count: 0 };
  /** No empty line follows an opening brace. */
  #isAfterBrace = false;

  format(elements: readonly Element[]): string {
    for (const [index, element] of elements.entries()) this.#add(element, elements[index + 1]);
    this.#flush();
    return this.#layout.text;
  }

  get #depth(): number {
    return this.#position.blocks.length;
  }

  #add(element: Element, next: Element | undefined): void {
    if (element.linesBefore > 1 && this.#pieces.length === 0 && !this.#isAfterBrace) this.#layout.separate();
    if (element.linesBefore > 0 || element.kind === 'token') this.#isAfterBrace = false;
    if (element.kind === 'token') this.#token(element, next);
    else if (element.kind === 'directive' || element.kind === 'verbatim') this.#whole(element);
    else this.#comment(element, next);
  }

  #whole(element: Element): void {
    if (this.#pieces.length > 0) this.#push(element);
    else this.#layout.line(element.text);
    const directive = /^#\s*([a-z]*)/.exec(element.text)?.[1] ?? '';
    if (element.kind === 'verbatim') return;
    if (directive.startsWith('if')) this.#conditionals.push(this.#position);
    else if (directive.startsWith('el')) this.#position = this.#conditionals.at(-1) ?? this.#position;
    else if (directive === 'endif') this.#conditionals.pop();
  }

  #comment(element: Element, next: Element | undefined): void {
    const isBeforeToken =
      element.kind === 'block-comment' && !element.endsLine && next?.kind === 'token' && next.text !== '}';
    if (this.#pieces.length > 0 || (isBeforeToken && !element.text.includes('\n'))) {
      this.#push(element);
    } else if (isOwnLine(element) || element.linesBefore > 0 || !element.endsLine) {
      this.#layout.comment(element.text, this.#depth);
    } else this.#layout.append(element.text);
  }

  #token(element: Element, next: Element | undefined): void {
    const { text } = element;
    const { blocks, parentheses, brackets } = this.#position;
    if (text === '}') {
      this.#flush();
      this.#position = { blocks: blocks.slice(0, -1), parentheses: 0, brackets: 0 };
      this.#layout.join();
      this.#push(element);
      if (next?.text !== ';') this.#flush();
      return;
    }
    this.#push(element);
    if (text === '{') {
      const { first: keyword = '' } = this.#tokens;
      this.#flush();
      this.#position = { blocks: [...blocks, { keyword }], parentheses: 0, brackets: 0 };
      this.#isAfterBrace = true;
    } else if (text === '(' || text === ')') {
      this.#position = { blocks, parentheses: Math.max(0, parentheses + (text === '(' ? 1 : -1)), brackets };
    } else if (text === '[' || text === ']') {
      this.#position = { blocks, parentheses, brackets: Math.max(0, brackets + (text === '[' ? 1 : -1)) };
    } else if (text === ';') {
      this.#position = { blocks, parentheses: 0, brackets: 0 };
      this.#flush();
    } else if (this.#endsStatement(element)) this.#flush();
  }

  /** An enumerator, an include or an import, which no semicolon ends. */
  #endsStatement({ text }: Element): boolean {
    const { blocks, parentheses, brackets } = this.#position;
    if (text === ',') return blocks.at(-1)?.keyword === 'enum' && parentheses === 0 && brackets === 0;
    const { count, first } = this.#tokens;
    return text.startsWith('"') && count === 2 && (first === 'include' || first === 'import');
  }

  #push(element: Element): void {
    const { parentheses, brackets } = this.#position;
    const before = this.#pieces.at(-1);
    this.#pieces.push({
      element,
      parentheses,
      brackets,
      isSpaced: before !== undefined && isSpaced(before.element, element, brackets),
    });
    if (element.kind === 'token') {
      const { count, first = element.text } = this.#tokens;
      this.#tokens = { count: count + 1, first };
    }
  }

  #flush(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#tokens = { count: 0 };
    if (pieces.length > 0) this.#layout.statement(pieces, this.#depth);
  }
}
