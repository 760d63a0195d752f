import type { Element } from './elements.ts';
import { isOwnLine, Layout } from './layout.ts';
import { isSpaced } from './spacing.ts';

type Piece = Parameters<Layout['statement']>[0][number];

/** A brace that is open. */
interface Block {
  readonly keyword: string;
  readonly depth: number;
  readonly outer: Block | undefined;
}

/** The grammar nests two braces. What is left out may nest any number, and its lines must not grow with each. */
const deepest = 8;

/** Where a formatter is: what `#else` goes back to. */
interface Position {
  readonly block: Block | undefined;
  readonly parentheses: number;
  readonly brackets: number;
}

/** Puts each statement on its line, indented by the braces around it. */
export class Formatter {
  readonly #layout = new Layout();
  #position: Position = { block: undefined, parentheses: 0, brackets: 0 };
  readonly #conditionals: { readonly position: Position; readonly isBetween: boolean }[] = [];
  #pieces: Piece[] = [];
  /** Up to three of them. */
  #firstTokens: string[] = [];
  /** No empty line follows an opening brace. */
  #isAfterBrace = false;

  format(elements: readonly Element[]): string {
    const closes = elements.map(() => false);
    for (let index = elements.length - 2; index >= 0; index--) {
      const next = elements[index + 1];
      closes[index] = next?.kind === 'token' ? next.text === '}' : closes[index + 1] === true;
    }
    for (const [index, element] of elements.entries()) {
      // A comment after the last member or enumerator stands beside it, also where nothing ends that.
      if (closes[index] === true && isOwnLine(element)) this.#flush();
      this.#add(element, elements[index + 1]);
    }
    this.#flush();
    return this.#layout.text;
  }

  get #depth(): number {
    return Math.min(deepest, this.#position.block?.depth ?? 0);
  }

  #add(element: Element, next: Element | undefined): void {
    if (element.linesBefore > 1 && this.#pieces.length === 0 && !this.#isAfterBrace) this.#layout.separate();
    if (element.linesBefore > 0 || element.kind === 'token') this.#isAfterBrace = false;
    if (element.kind === 'token') this.#token(element, next);
    else if (element.kind === 'directive' || element.kind === 'verbatim') this.#whole(element);
    else this.#comment(element, next);
  }

  #whole(element: Element): void {
    const directive = element.kind === 'directive' ? (/^#\s*([a-z]*)/.exec(element.text)?.[1] ?? '') : '';
    const isBranch = directive.startsWith('el') || directive === 'endif';
    const conditional = isBranch ? this.#conditionals.at(-1) : undefined;
    // What begins in a branch and does not end there belongs to what is left out, or is continued by each branch.
    if (conditional?.isBetween === true) this.#flush();
    if (directive.startsWith('if')) {
      this.#conditionals.push({ position: this.#position, isBetween: this.#pieces.length === 0 });
    } else if (directive === 'endif') this.#conditionals.pop();
    else if (conditional !== undefined) this.#position = conditional.position;
    if (this.#pieces.length > 0) this.#push(element);
    else this.#layout.line(element.text);
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
    const { block, parentheses, brackets } = this.#position;
    if (text === '}') {
      this.#flush();
      this.#position = { block: block?.outer, parentheses: 0, brackets: 0 };
      this.#layout.join();
      this.#push(element);
      if (next?.text !== ';') this.#flush();
      return;
    }
    this.#push(element);
    if (text === '{') {
      const [keyword = ''] = this.#firstTokens;
      this.#flush();
      const depth = (block?.depth ?? 0) + 1;
      this.#position = { block: { keyword, depth, outer: block }, parentheses: 0, brackets: 0 };
      this.#isAfterBrace = true;
    } else if (text === '(' || text === ')') {
      this.#position = { block, parentheses: Math.max(0, parentheses + (text === '(' ? 1 : -1)), brackets };
    } else if (text === '[' || text === ']') {
      this.#position = { block, parentheses, brackets: Math.max(0, brackets + (text === '[' ? 1 : -1)) };
    } else if (text === ';') {
      this.#position = { block, parentheses: 0, brackets: 0 };
      this.#flush();
    } else if (this.#endsStatement(element)) this.#flush();
  }

  /** An enumerator, an include or an import, which no semicolon ends. */
  #endsStatement({ text }: Element): boolean {
    const { block, parentheses, brackets } = this.#position;
    if (text === ',') return block?.keyword === 'enum' && parentheses === 0 && brackets === 0;
    const [keyword, , third] = this.#firstTokens;
    return text.startsWith('"') && third === undefined && (keyword === 'include' || keyword === 'import');
  }

  #push(element: Element): void {
    const { parentheses, brackets } = this.#position;
    const before = this.#pieces.at(-1);
    if (element.kind === 'token' && this.#firstTokens.length < 3) this.#firstTokens.push(element.text);
    this.#pieces.push({
      element,
      parentheses,
      brackets,
      isSpaced: before !== undefined && isSpaced(before.element, element, brackets),
    });
  }

  #flush(): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#firstTokens = [];
    if (pieces.length > 0) this.#layout.statement(pieces, this.#depth);
  }
}
