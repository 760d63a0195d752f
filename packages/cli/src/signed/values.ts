import { refuseUsage } from '@enclos/cli-frame';
import { fromHex, toHex } from '@enclos/codec';
import { isJsonArray, isJsonObject, type JsonValue } from '@enclos/codec/json';

/*
 * Values of calls in JSON: what JSON has stands for itself. Bytes are {"hex": "00ff"}, and integers that a number of JavaScript does not
 * hold are {"integer": "18446744073709551615"}. Whether a value fits is for the interface to say.
 */

/** @throws CLI_USAGE for bytes or an integer that is none */
export function valueOfJson(json: JsonValue): unknown {
  if (isJsonArray(json)) return json.map(valueOfJson);
  if (!isJsonObject(json)) return json;
  const entries = Object.entries(json);
  const [[name, value] = []] = entries;
  if (entries.length === 1 && typeof value === 'string') {
    if (name === 'hex') return bytesOf(value);
    if (name === 'integer') return integerOf(value);
  }
  return Object.fromEntries(entries.map(([key, member]) => [key, valueOfJson(member)]));
}

/** So much of a wrong value is shown. */
const SHOWN = 40;

function bytesOf(hex: string): Uint8Array {
  if (/^(?:[\da-f]{2})*$/i.test(hex)) return fromHex(hex.toLowerCase());
  return refuseUsage(`{"hex": ${JSON.stringify(hex.slice(0, SHOWN))}} is not bytes in hexadecimal.`);
}

function integerOf(text: string): bigint {
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  return refuseUsage(`{"integer": ${JSON.stringify(text.slice(0, SHOWN))}} is not an integer.`);
}

/** What a call gave, as JSON. */
export function jsonOfValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : { integer: value.toString() };
  }
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  if (isNumberArray(value)) return Array.from(value, jsonOfValue);
  if (Array.isArray(value)) return value.map(jsonOfValue);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, jsonOfValue(member)]));
}

/** A typed array of any numbers; values of calls have no DataView. */
function isNumberArray(value: unknown): value is ArrayLike<number | bigint> & ArrayBufferView {
  return ArrayBuffer.isView(value);
}
