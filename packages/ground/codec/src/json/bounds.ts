const [quote, backslash, comma, openList, openObject, closeList, closeObject] = Array.from('"\\,[{]}', (character) =>
  character.charCodeAt(0),
);

export interface JsonBounds {
  readonly maxDepth: number;
  /** Values besides the outermost one; an empty list or object counts twice. Names of members are not counted. */
  readonly maxValues: number;
}

/**
 * Whether JSON is within its bounds, before any values are made from it: two megabytes of `{}` take half a second to parse, and
 * two hundred megabytes of memory. This is one pass, and allocates nothing. A text that is not JSON may get either answer.
 *
 * @param json text, or its bytes in UTF-8.
 */
export function isJsonWithin(json: string | Uint8Array, { maxDepth, maxValues }: JsonBounds): boolean {
  const isString = typeof json === 'string';
  let [depth, values, isText] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const code = isString ? json.charCodeAt(at) : json[at];
    if (isText) {
      if (code === backslash) at += 1;
      else if (code === quote) isText = false;
    } else if (code === quote) {
      isText = true;
    } else if (code === comma) {
      values += 1;
    } else if (code === openList || code === openObject) {
      values += 1;
      depth += 1;
    } else if (code === closeList || code === closeObject) {
      depth -= 1;
    }
    if (depth > maxDepth || values > maxValues) return false;
  }
  return true;
}
