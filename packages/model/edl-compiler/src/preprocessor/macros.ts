import type { RawToken, Token, TokenBudget } from '../lexis/token.ts';

/** How deeply a macro may lead to another. */
const deepest = 64;

/** Macros without parameters, and names that are only defined. */
export class Macros {
  /** No body: the name is defined, and stays as it is where it is used. */
  readonly #bodies = new Map<string, readonly Token[] | undefined>();
  readonly #budget: TokenBudget;

  constructor(budget: TokenBudget) {
    this.#budget = budget;
  }

  isDefined(name: string): boolean {
    return this.#bodies.has(name);
  }

  define(name: string, body: readonly Token[] | undefined): void {
    this.#bodies.set(name, body);
  }

  undefine(name: string): void {
    this.#bodies.delete(name);
  }

  /**
   * Appends what a token stands for. A macro is not replaced again in its own text (C17, 6.10.3.4). Each replacement and each
   * token takes one from the budget: a few macros that name each other twice would else stand for more than a machine holds.
   *
   * @returns whether all of it was appended
   */
  expand(token: Token, into: Token[]): boolean {
    return this.#expand(token, token, { into, active: new Set<string>() });
  }

  #expand(token: Token, use: RawToken, state: { into: Token[]; active: Set<string> }): boolean {
    const { into, active } = state;
    const body = token.kind === 'name' && !active.has(token.text) ? this.#bodies.get(token.text) : undefined;
    if (body === undefined) {
      into.push(token === use ? token : { ...token, start: use.start, end: use.end });
      return true;
    }
    if (active.size >= deepest) return false;
    active.add(token.text);
    for (const part of body) {
      if (this.#budget.left-- <= 0 || !this.#expand(part, use, state)) return false;
    }
    active.delete(token.text);
    return true;
  }
}
