import { raise } from '../policy-error.ts';
import type { Argument, Comparator, Query } from './ast.ts';
import { JmesPathError } from './error.ts';
import { arityProblem } from './signatures.ts';
import { tokensOf, type QueryToken } from './lexer.ts';

/**
 * How strongly an operator binds, as in the reference implementation. Operators that bind less than {@link projectionStop} end
 * a projection.
 */
const bindingPowers: Readonly<Record<string, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '[]': 9,
  '*': 20,
  '[?': 21,
  '.': 40,
  '!': 45,
  '{': 50,
  '[': 55,
  '(': 60,
};
const projectionStop = 10;
const current: Query = { kind: 'current', depth: 1 };

/**
 * Reads a JMESPath expression: the grammar of jmespath.org.
 * @throws JmesPathError; PolicyError with CLAIM_RULES_LIMIT when it is nested deeper than `maxDepth`
 */
export function parseJmesPath(text: string, maxDepth: number): Query {
  return new QueryParser(tokensOf(text, maxDepth), maxDepth).parse();
}

class QueryParser {
  readonly #tokens: readonly QueryToken[];
  readonly #maxDepth: number;
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly QueryToken[], maxDepth: number) {
    this.#tokens = tokens;
    this.#maxDepth = maxDepth;
  }

  parse(): Query {
    const query = this.#expression(0);
    if (this.#peek().kind !== 'end') this.#fail();
    return query;
  }

  #peek(ahead = 0): QueryToken {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? { kind: 'end', text: '', at: 0 };
  }

  #next(): QueryToken {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #is(symbol: string, ahead = 0): boolean {
    const { kind, text } = this.#peek(ahead);
    return kind === 'symbol' && text === symbol;
  }

  #take(symbol: string): boolean {
    const found = this.#is(symbol);
    if (found) this.#at++;
    return found;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(`"${symbol}"`);
  }

  #fail(wanted?: string, token = this.#peek()): never {
    const found = token.kind === 'end' ? 'the end' : `"${token.text.slice(0, 40)}"`;
    const instead = wanted === undefined ? 'is not possible' : `stands where ${wanted} should`;
    throw new JmesPathError('syntax', `${found} at character ${token.at + 1} ${instead}.`);
  }

  /** Checks the depth of a tree, so that no walk over it overflows the stack. */
  #bounded(query: Query): Query {
    if (query.depth > this.#maxDepth) this.#tooDeep();
    return query;
  }

  #tooDeep(): never {
    return raise(
      'CLAIM_RULES_LIMIT',
      `A JMESPath expression is nested deeper than ${this.#maxDepth} levels (maxDepth).`,
    );
  }

  #binding(): number {
    const { kind, text } = this.#peek();
    return kind === 'symbol' ? (bindingPowers[text] ?? 0) : 0;
  }

  #expression(power: number): Query {
    if (++this.#nesting > this.#maxDepth) this.#tooDeep();
    let left = this.#bounded(this.#prefix());
    while (power < this.#binding()) left = this.#bounded(this.#infix(left));
    this.#nesting--;
    return left;
  }

  #prefix(): Query {
    const token = this.#next();
    if (token.kind === 'literal') return { kind: 'literal', value: token.value ?? null, depth: 1 };
    if (token.kind === 'name') {
      return this.#take('(') ? this.#call(token.text) : { kind: 'field', name: token.text, depth: 1 };
    }
    if (token.kind === 'quoted') {
      if (this.#is('(')) this.#fail('the name of a function without quotes', token);
      return { kind: 'field', name: token.text, depth: 1 };
    }
    if (token.kind !== 'symbol') return this.#fail('an expression', token);
    switch (token.text) {
      case '@':
        return current;
      case '*':
        return this.#projected('values', current, 20);
      case '[?':
        return this.#filter(current);
      case '[]':
        return this.#flattened(current);
      case '[':
        return this.#startsIndex() || this.#startsStar() ? this.#bracket(current) : this.#list();
      case '{':
        return this.#object();
      case '!': {
        const operand = this.#expression(45);
        return { kind: 'not', operand, depth: operand.depth + 1 };
      }
      case '(': {
        const inner = this.#expression(0);
        this.#expect(')');
        return inner;
      }
      default:
        return this.#fail('an expression', token);
    }
  }

  #infix(left: Query): Query {
    const token = this.#next();
    switch (token.text) {
      case '.':
        // The reference implementations bind more strongly here, which loses the projection in `a.*.b.c`.
        if (this.#take('*')) return this.#projected('values', left, 20);
        return chain(left, this.#afterDot(40));
      case '|':
        return chain(left, this.#expression(1));
      case '||':
        return this.#either('or', left, 2);
      case '&&':
        return this.#either('and', left, 3);
      case '[?':
        return this.#filter(left);
      case '[]':
        return this.#flattened(left);
      case '[':
        return this.#bracket(left);
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#comparison(token.text, left);
      default:
        return this.#fail(undefined, token);
    }
  }

  #either(kind: 'or' | 'and', left: Query, power: number): Query {
    const right = this.#expression(power);
    return { kind, left, right, depth: above([left, right]) };
  }

  #comparison(comparator: Comparator, left: Query): Query {
    const right = this.#expression(5);
    return { kind: 'compare', comparator, left, right, depth: above([left, right]) };
  }

  #projected(kind: 'projection' | 'values', left: Query, power: number): Query {
    const right = this.#projection(power);
    return { kind, left, right, depth: above([left, right]) };
  }

  #flattened(left: Query): Query {
    return this.#projected('projection', { kind: 'flatten', left, depth: left.depth + 1 }, 9);
  }

  #filter(left: Query): Query {
    const condition = this.#expression(0);
    this.#expect(']');
    const right = this.#is('[]') ? current : this.#projection(21);
    return { kind: 'filter', left, condition, right, depth: above([left, condition, right]) };
  }

  /** The query that a projection applies to each item. */
  #projection(power: number): Query {
    if (this.#binding() < projectionStop) return current;
    if (this.#is('[') || this.#is('[?')) return this.#expression(power);
    if (this.#take('.')) return this.#afterDot(power);
    return this.#fail();
  }

  #afterDot(power: number): Query {
    const { kind } = this.#peek();
    if (kind === 'name' || kind === 'quoted' || this.#is('*')) return this.#expression(power);
    if (this.#take('[')) return this.#list();
    if (this.#take('{')) return this.#object();
    return this.#fail('a name, "*", "[" or "{"');
  }

  #startsIndex(): boolean {
    return this.#peek().kind === 'number' || this.#is(':');
  }

  #startsStar(): boolean {
    return this.#is('*') && this.#is(']', 1);
  }

  /** An index, a slice or a star, after the opening bracket. */
  #bracket(left: Query): Query {
    if (this.#startsStar()) {
      this.#at += 2;
      return this.#projected('projection', left, 20);
    }
    if (!this.#startsIndex()) this.#fail('a number, ":" or "*"');
    if (this.#is(':') || this.#is(':', 1)) {
      const slice = this.#slice();
      return this.#projected('projection', left === current ? slice : chain(left, slice), 20);
    }
    const index: Query = { kind: 'index', index: this.#integer(), depth: 1 };
    this.#expect(']');
    return left === current ? index : chain(left, index);
  }

  #slice(): Query {
    const parts: (number | undefined)[] = [undefined, undefined, undefined];
    let part = 0;
    while (!this.#is(']')) {
      if (this.#take(':')) {
        if (++part > 2) this.#fail('"]"', this.#peek(-1));
      } else {
        if (this.#peek().kind !== 'number' || parts[part] !== undefined) this.#fail('a number, ":" or "]"');
        parts[part] = this.#integer();
      }
    }
    this.#expect(']');
    const [start, stop, step = 1] = parts;
    if (step === 0) throw new JmesPathError('invalid-value', 'the step of a slice is not zero.');
    return { kind: 'slice', start, stop, step, depth: 1 };
  }

  #integer(): number {
    const token = this.#next();
    const value = Number(token.text) + 0;
    return Number.isSafeInteger(value) ? value : this.#fail('a number up to 2^53', token);
  }

  #list(): Query {
    const items: Query[] = [];
    do items.push(this.#expression(0));
    while (this.#take(','));
    this.#expect(']');
    return { kind: 'list', items, depth: above(items) };
  }

  #object(): Query {
    const entries: [string, Query][] = [];
    do {
      const key = this.#next();
      if (key.kind !== 'name' && key.kind !== 'quoted') this.#fail('a key', key);
      this.#expect(':');
      entries.push([key.text, this.#expression(0)]);
    } while (this.#take(','));
    this.#expect('}');
    return { kind: 'object', entries, depth: above(entries.map(([, query]) => query)) };
  }

  #call(name: string): Query {
    const given: Argument[] = [];
    if (!this.#is(')')) {
      do {
        const reference = this.#take('&');
        given.push({ reference, query: this.#expression(0) });
      } while (this.#take(','));
    }
    this.#expect(')');
    const problem = arityProblem(name, given.length);
    if (problem !== undefined) throw problem;
    return { kind: 'call', name, arguments: given, depth: above(given.map(({ query }) => query)) };
  }
}

function chain(left: Query, right: Query): Query {
  return { kind: 'chain', left, right, depth: above([left, right]) };
}

function above(queries: readonly Query[]): number {
  let deepest = 0;
  for (const { depth } of queries) deepest = Math.max(deepest, depth);
  return deepest + 1;
}
