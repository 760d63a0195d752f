import type { Budget } from '../budget.ts';
import { searchText } from '../text-search.ts';
import type { JsonValue } from '../json/value.ts';

/** How many characters of each kind of work cost as much as comparing or copying one. */
const shares = { search: 3, letters: 2, codePoints: 2 } as const;

/** Operations on text. Each charges before it begins, for its input and its output. */

export function containsText(text: string, pattern: string, budget: Budget): boolean {
  budget.chargeText(shares.search * (text.length + pattern.length));
  return searchText(text, pattern).found;
}

/** Letters of ASCII only: others change with the version of Unicode, and some become letters of ASCII. */
export function sameIgnoringCase(left: string, right: string, budget: Budget): boolean {
  if (left.length !== right.length) {
    budget.charge();
    return false;
  }
  budget.chargeText(shares.letters * left.length);
  for (let at = 0; at < left.length; at++) {
    if (lowerCase(left.charCodeAt(at)) !== lowerCase(right.charCodeAt(at))) return false;
  }
  return true;
}

function lowerCase(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}

export function codePointCount(text: string, budget: Budget): number {
  budget.chargeText(shares.codePoints * text.length);
  let count = 0;
  for (let at = 0; at < text.length; count++) at += sizeAt(text, at);
  return count;
}

/** In code units: two for a pair of surrogates. */
function sizeAt(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/**
 * Reverses by code points. The result is built in pieces, because an array of all code points would be many times as large as
 * the text.
 */
export function reversedText(text: string, budget: Budget): string {
  budget.charge(1 + text.length);
  const pieces: string[] = [];
  let piece = '';
  for (let at = 0; at < text.length;) {
    const size = sizeAt(text, at);
    piece = text.slice(at, at + size) + piece;
    at += size;
    if (piece.length < pieceLength && at < text.length) continue;
    pieces.push(piece);
    piece = '';
  }
  return pieces.toReversed().join('');
}

/** Below this length V8 copies joined strings; above it, it keeps a tree of the parts. */
const pieceLength = 12;

export function joinedTexts(glue: string, parts: readonly string[], budget: Budget): string {
  // Parts are counted twice: their lengths are added up before they are joined.
  budget.charge(2 * parts.length);
  const length = parts.reduce((sum, part) => sum + part.length + glue.length, 0);
  budget.chargeText(length);
  // Checked before it is made: a long glue between many parts can be longer than any string may be.
  budget.checkLength(length - (parts.length > 0 ? glue.length : 0));
  return budget.checkString(parts.join(glue));
}

const jsonNumber = /^-?(?:0|[1-9]\d{0,39})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;
const mostNumberLength = 90;
const stepsANumber = 8;

export function toNumber(text: string, budget: Budget): JsonValue {
  budget.chargeText(text.length);
  if (text.length > mostNumberLength) return null;
  budget.charge(stepsANumber);
  if (!jsonNumber.test(text)) return null;
  const parsed = Number(text);
  if (!Number.isFinite(parsed)) return null;
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(parsed) ? BigInt(text) : parsed + 0;
}
