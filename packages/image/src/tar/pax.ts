import { decodeName } from './name.ts';
import { layerInvalid } from './path.ts';

/** What stands before an entry and replaces what its header says. */
export interface Overrides {
  readonly path?: string;
  readonly target?: string;
  readonly sizeBytes?: number;
}

const keys: Readonly<Record<string, keyof Overrides>> = { path: 'path', linkpath: 'target', size: 'sizeBytes' };

/**
 * Records of a pax header, `LENGTH KEY=VALUE\n`. Times, owners and attributes are left out.
 * @throws OCI_LAYER_INVALID
 */
export function readPax(bytes: Uint8Array): Overrides {
  const found = new Map<keyof Overrides, string>();
  for (let at = 0; at < bytes.length;) {
    const { key, value, end } = readRecord(bytes, at);
    at = end;
    // A file with holes: its content is a map and pieces, to those who know.
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
  const space = bytes.subarray(at, at + 8).indexOf(0x20);
  const digits = space < 0 ? '' : new TextDecoder('latin1').decode(bytes.subarray(at, at + space));
  const end = at + Number(digits);
  if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || end - 1 < at + space + 1 || bytes[end - 1] !== 0x0a) {
    throw layerInvalid('has a pax header that is not well-formed');
  }
  const record = decodeName(bytes.subarray(at + space + 1, end - 1));
  const equals = record.indexOf('=');
  if (equals <= 0) throw layerInvalid('has a pax record without a key');
  return { key: record.slice(0, equals), value: record.slice(equals + 1), end };
}

function readSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(size)) throw layerInvalid('has a size that is no number');
  return size;
}
