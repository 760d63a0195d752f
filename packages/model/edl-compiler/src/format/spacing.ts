import type { Element } from './elements.ts';

const closing = new Set([';', ',', ')', ']']);

/** Whether a space stands between two pieces of a line. @param brackets How deep the second one is in brackets */
export function isSpaced(left: Element, right: Element, brackets: number): boolean {
  if (right.kind !== 'token') return left.text !== '(' && left.text !== '[';
  if (closing.has(right.text)) return false;
  if (left.kind !== 'token') return true;
  if (left.text === '(' || left.text === '[') return false;
  if (left.text === '=' || right.text === '=') return brackets === 0;
  if (right.text === '*') return left.text === 'import';
  if (right.text === '(') return false;
  // A length follows its name; attributes stand before a type.
  if (right.text === '[') return left.text === ',' || left.text === 'public';
  return true;
}
