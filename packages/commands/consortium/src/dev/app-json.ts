import { isJsonObject, parseJsonBytes, parseJsonSource, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { bundleBounds } from '@enclos/consortium-app';
import { diagnosticAt } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';

export const metadataName = 'app.json';

/**
 * The modules of endpoints, before anything else is checked: a bundle reports all mistakes at once.
 * @throws APP_INVALID with the line, for what is not JSON.
 */
export function modulesNamedIn(metadata: Uint8Array): readonly string[] {
  let value: JsonValue;
  try {
    value = parseJsonBytes(metadata, bundleBounds.bytes, {
      maxValues: bundleBounds.values,
      maxDepth: bundleBounds.depth,
    });
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw notJson(metadata) ?? error;
  }
  const paths = isJsonObject(value) && isJsonObject(value['endpoints']) ? Object.values(value['endpoints']) : [];
  const endpoints = paths.flatMap((methods) => (isJsonObject(methods) ? Object.values(methods) : []));
  const names = endpoints.map((endpoint) => (isJsonObject(endpoint) ? endpoint['js_module'] : undefined));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

/** The first mistake with its line; undefined where only the bounds of a bundle are exceeded. */
function notJson(metadata: Uint8Array): EnclosError | undefined {
  const is = `${metadataName} is not JSON`;
  try {
    const text = decodeUtf8(metadata);
    try {
      parseJsonSource(text);
      return undefined;
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      const { start, end } = error.details;
      if (typeof start !== 'number' || typeof end !== 'number') throw error;
      const at = diagnosticAt({ file: metadataName, text }, { start, end }, { code: error.code, text: error.message });
      return new EnclosError('APP_INVALID', `${is}:\n  ${metadataName}:${at.line}:${at.column}: ${error.message}`, {
        cause: error,
      });
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return new EnclosError('APP_INVALID', `${is}. ${error.message}`, { cause: error });
  }
}
