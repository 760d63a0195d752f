/** The result of a search, and how many pairs of characters it compared. */
export interface TextSearch {
  readonly found: boolean;
  /** At most twice the characters of text and pattern together. */
  readonly comparisons: number;
}

/**
 * Whether `text` contains `pattern`, by the algorithm of Knuth, Morris and Pratt (SIAM J. Comput. 6, 1977, 323): the work grows
 * with the sum of both lengths. `String.prototype.includes` does not promise that: in V8 it takes the product of the lengths
 * for texts such as a^n with a pattern such as a^m b a^m.
 */
export function searchText(text: string, pattern: string): TextSearch {
  if (pattern.length > text.length) return { found: false, comparisons: 0 };
  const borders: number[] = [0];
  let comparisons = 0;
  let matched = 0;
  for (let at = 1; at < pattern.length; at++) {
    const unit = pattern.charCodeAt(at);
    comparisons++;
    while (matched > 0 && pattern.charCodeAt(matched) !== unit) {
      matched = borders[matched - 1] ?? 0;
      comparisons++;
    }
    if (pattern.charCodeAt(matched) === unit) matched++;
    borders.push(matched);
  }
  matched = 0;
  for (let at = 0; at < text.length && matched < pattern.length; at++) {
    const unit = text.charCodeAt(at);
    comparisons++;
    while (matched > 0 && pattern.charCodeAt(matched) !== unit) {
      matched = borders[matched - 1] ?? 0;
      comparisons++;
    }
    if (pattern.charCodeAt(matched) === unit) matched++;
  }
  return { found: matched === pattern.length, comparisons };
}
