import { decodeName } from './name.ts';
import { layerInvalid } from './path.ts';

/** The fields before an entry that override its header. */
export interface Overrides {
  readonly path?: string;
  readonly target?: string;
  readonly sizeBytes?: number;
}

const keys: Readonly<Record<string, keyof Overrides>> = { path: 'path', linkpath: 'target', size: 'sizeBytes' };

/**
 * Records of a pax header, `LENGTH KEY=VALUE\n`. Times, owners and attributes are left out.
 * @param charge is called before each record is read; what it throws ends the reading.
 * @throws OCI_LAYER_INVALID, and what `charge` throws
 */
export function readPax(bytes: Uint8Array, charge: () => void): Overrides {
  const found = new Map<keyof Overrides, string>();
  for (let at = 0; at < bytes.length;) {
    charge();
    const { key, value, end } = readRecord(bytes, at);
    at = end;
    // A sparse file: its content is a map and pieces, which not all readers understand.
    if (key.startsWith('GNU.sparse.')) throw layerInvalid('has a sparse file');
    const name = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (name === undefined) continue;
    if (found.has(name) || value === '') throw layerInvalid(`has an empty or a second ${key} in one header`);
    found.set(name, value);
  }
  const [path, target, size] = [found.get('path'), found.get('target'), found.get('sizeBytes')];
  return {
    ...(path === undefined ? {} : { path }),
    ...(target === undefined ? {} : { target }),
    ...(size === undefined ? {} : { sizeBytes: readSize(size) }),
  };
}

function readRecord(
  bytes: Uint8Array,
  at: number,
): { readonly key: string; readonly value: string; readonly end: number } {
  const { value: length, end: space } = readLength(bytes, at);
  const end = at + length;
  if (bytes[space] !== 0x20 || end > bytes.length || end - 1 < space + 1 || bytes[end - 1] !== 0x0a) {
    throw layerInvalid('has a pax header that is not well-formed');
  }
  const record = decodeName(bytes.subarray(space + 1, end - 1));
  const equals = record.indexOf('=');
  if (equals <= 0) throw layerInvalid('has a pax record without a key');
  return { key: record.slice(0, equals), value: record.slice(equals + 1), end };
}

/** At most seven decimal digits without a zero in front; 0 for anything else. Byte by byte: there may be millions of them. */
function readLength(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = start;
  for (; at < start + 7; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9 || (digit === 0 && at === start)) break;
    value = value * 10 + digit;
  }
  return { value, end: at };
}

function readSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(size)) throw layerInvalid('has a size that is not a number');
  return size;
}
