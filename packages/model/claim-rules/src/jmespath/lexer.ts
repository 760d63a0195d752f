import { Budget } from '../budget.ts';
import { JsonFault, mostDigits, parseJson } from '../json/parse.ts';
import type { JsonValue } from '../json/value.ts';
import { defaultLimits } from '../limits.ts';
import { finish } from '../work.ts';
import { JmesPathError } from './error.ts';

export interface QueryToken {
  readonly kind: 'name' | 'quoted' | 'number' | 'literal' | 'symbol' | 'end';
  /** The text as it is written, or the name that it stands for. */
  readonly text: string;
  /** The value of a literal. */
  readonly value?: JsonValue;
  readonly at: number;
}

const space = /[ \t\n\r]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /-?\d+/y;
const quoted = /"(?!")[^"\\\u0000-\u001F]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001F]*)*"/y;
const rawString = /'[^'\\]*(?:\\[^][^'\\]*)*'/y;
const literal = /`[^`\\]*(?:\\[^][^`\\]*)*`/y;
const symbol = /\[\?|\[\]|\|\||&&|==|!=|<=|>=|[.*|&!<>@()[\]{},:]/y;

/** Cuts a query into tokens. @throws JmesPathError */
export function tokensOf(text: string, maxDepth: number): readonly QueryToken[] {
  const tokens: QueryToken[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const blank = match(space);
    const token = blank === undefined ? read(match, at, maxDepth) : undefined;
    if (token !== undefined) tokens.push(token.token);
    at += blank?.length ?? token?.length ?? 1;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

type Match = (pattern: RegExp) => string | undefined;

function read(match: Match, at: number, maxDepth: number): { readonly token: QueryToken; readonly length: number } {
  const found = match(name);
  if (found !== undefined) return { token: { kind: 'name', text: found, at }, length: found.length };
  const digits = match(number);
  if (digits !== undefined) return { token: { kind: 'number', text: digits, at }, length: digits.length };
  const mark = match(symbol);
  if (mark !== undefined) return { token: { kind: 'symbol', text: mark, at }, length: mark.length };
  const between = match(quoted);
  if (between !== undefined) {
    // The pattern lets only strings of JSON through.
    return { token: { kind: 'quoted', text: String(JSON.parse(between)), at }, length: between.length };
  }
  const raw = match(rawString);
  if (raw !== undefined) {
    const value = raw.slice(1, -1).replaceAll("\\'", "'");
    return { token: { kind: 'literal', text: raw, value, at }, length: raw.length };
  }
  const written = match(literal);
  if (written === undefined) {
    throw new JmesPathError('syntax', `what stands at character ${at + 1} is not part of an expression.`);
  }
  const value = literalValue(written.slice(1, -1).replaceAll('\\`', '`'), at, maxDepth);
  return { token: { kind: 'literal', text: written, value, at }, length: written.length };
}

/**
 * JSON between backticks. Text that is not JSON is the inside of a string, which the specification allows and deprecates
 * (JEP-12). The two are told apart before parsing: a query may have thousands of literals, and throwing and catching an error
 * for each would be more work than all the rest.
 */
function literalValue(text: string, at: number, maxDepth: number): JsonValue {
  const json = text.trim();
  try {
    return readJson(json === '' || looksLikeJson(json) ? json : `"${text.trimStart()}"`, maxDepth);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new JmesPathError('syntax', `the literal at character ${at + 1} is not JSON: ${error.message}.`);
  }
}

const jsonWords: ReadonlySet<string> = new Set(['true', 'false', 'null']);
const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function looksLikeJson(json: string): boolean {
  if (/^[{["]/.test(json) || jsonWords.has(json)) return true;
  return json.length <= mostDigits && wholeNumber.test(json) && Number.isFinite(Number(json));
}

/** Its length is bounded by that of the query, which is charged where it is evaluated. */
function readJson(text: string, maxDepth: number): JsonValue {
  return finish(parseJson(text, new Budget({ ...defaultLimits, maxDepth, maxSteps: Number.MAX_SAFE_INTEGER })));
}
