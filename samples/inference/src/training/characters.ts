/** What the character model reads and writes: a line break, and printable ASCII. Its tokens are the places in this text. */
export const alphabet = `\n${Array.from({ length: 95 }, (_, i) => String.fromCodePoint(32 + i)).join('')}`;

/** The tokens of a text. Characters that the model does not know are left out. */
export function tokensOf(text: string): Uint8Array {
  return Uint8Array.from(Array.from(text, (character) => alphabet.indexOf(character)).filter((token) => token >= 0));
}

export function textOf(tokens: Uint8Array): string {
  return Array.from(tokens, (token) => alphabet[token] ?? '').join('');
}
