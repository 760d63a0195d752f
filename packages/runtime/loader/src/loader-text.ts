/**
 * The text that the interpreter gets. It has its own strict directive, so that neither `caller` nor a stack trace exposes its
 * functions: the interpreter may put code before the text. It does so when it sees the word `crypto`, which would also become a
 * global variable. Spelt with an escape, only the language sees that word.
 * @param load refers to nothing but its parameters, and each of the parts to nothing but itself
 */
export function textOfLoader<P extends object>(load: (require: NodeJS.Require, parts: P) => void, given: P): string {
  const parts = Object.entries(given).map(([name, part]: [string, unknown]) => `${name}:${String(part)}`);
  return `(function(){"use strict";(${load.toString()})(require,{${parts.join(',')}})}).call(undefined)`.replaceAll(
    /\bcrypto\b/g,
    '\\u0063rypto',
  );
}
