const regexMayFollow =
  /(?:^|[([{,;=:?!&|^~+\-*%<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|do|else|yield|await))$/;
const spaceToken = /\s+/y;
const wordToken = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200C\u200D]*|\d[\w.]*/uy;
const lineComment = /\/\/[^\n\r\u2028\u2029]*/y;
const blockComment = /\/\*[\s\S]*?(?:\*\/|$)/y;
const quotedString = /(['"])(?:\\[\s\S]|(?!\1)[^\\\n\r])*\1?/y;
const regexLiteral = /\/(?:\\.|\[(?:\\.|[^\]\\\n\r])*\]|[^/\\[\n\r])+\/[a-z]*/y;
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^\\$`])*/y;

/** Same length and same line ends, so that offsets stay those of the source. */
function blanks(text: string): string {
  return text.replace(/[^\n\r]/g, ' ');
}

class Blanker {
  readonly #source: string;
  #at = 0;
  #out = '';
  /** What came last, without white space: decides what a slash means. */
  #last = '';
  /** For each open brace: whether it opened a template's substitution. */
  readonly #braces: boolean[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    return this.#out;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  /** Turns what matches to spaces. */
  #blank(pattern: RegExp): boolean {
    const found = this.#take(pattern);
    this.#out += blanks(found);
    return found !== '';
  }

  #keep(text: string): void {
    this.#out += text;
    this.#last = text;
  }

  #step(): void {
    const space = this.#take(spaceToken);
    this.#out += space;
    if (space !== '' || this.#blank(lineComment) || this.#blank(blockComment)) return;
    if (this.#blank(quotedString)) this.#last = '"';
    else if (this.#source[this.#at] === '/' && regexMayFollow.test(this.#last) && this.#blank(regexLiteral)) {
      this.#last = '/re/';
    } else {
      const word = this.#take(wordToken);
      if (word === '') this.#punctuation();
      else this.#keep(word);
    }
  }

  #punctuation(): void {
    const character = this.#source[this.#at++] ?? '';
    if (character === '`') {
      this.#out += ' ';
      this.#template();
    } else if (character === '}' && this.#braces.pop() === true) {
      this.#keep('}');
      this.#template();
    } else {
      if (character === '{') this.#braces.push(false);
      this.#keep(character);
    }
  }

  /** The text of a template, up to its end or to a substitution, which is code. */
  #template(): void {
    this.#blank(templateText);
    if (this.#source.startsWith('${', this.#at)) {
      this.#at += 2;
      this.#braces.push(true);
      this.#out += ' ';
      this.#keep('{');
    } else if (this.#at < this.#source.length) {
      this.#at++;
      this.#out += ' ';
      this.#last = '`';
    }
  }
}

/**
 * The source with comments, strings, template text and regular expressions
 * turned to spaces: what remains is code, at its own place.
 *
 * A scanner, not a parser: whether a slash divides or opens a regular
 * expression is guessed from the text before it. Good enough for a hint to
 * the developer; the run-time is what removes authority.
 */
export function blankSource(source: string): string {
  return new Blanker(source).run();
}
