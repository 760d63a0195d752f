const [quote, backslash, comma, openList, openObject, closeList, closeObject] = Buffer.from('"\\,[{]}');

export interface JsonBounds {
  readonly maxDepth: number;
  /** Values and members, about. */
  readonly maxValues: number;
}

/**
 * Whether JSON is within its bounds, before any of it is made into values. A few megabytes of brackets take a second to
 * parse, and a hundred megabytes of memory; this is one pass, and remembers nothing. Of a text that is no JSON it may
 * say either.
 */
export function isWithin(json: Uint8Array, { maxDepth, maxValues }: JsonBounds): boolean {
  let [depth, values, isText] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (isText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) isText = false;
    } else if (byte === quote) {
      isText = true;
    } else if (byte === comma) {
      values += 1;
    } else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
    } else if (byte === closeList || byte === closeObject) {
      depth -= 1;
    }
    if (depth > maxDepth || values > maxValues) return false;
  }
  return true;
}
