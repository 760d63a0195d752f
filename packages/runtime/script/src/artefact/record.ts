/** The file name of the interpreter; its record is beside it, with `.json` added. */
export const quickJsName = 'enclos-quickjs.wasm';

/** What the build says about an interpreter. */
export interface QuickJsRecord {
  /** As hex, of the file. */
  readonly sha256: string;
  /** The source package. */
  readonly source: string;
  readonly toolchain: string;
  /** SHA-256 of everything that it was built from, as hex: an unchanged interpreter is not built again. */
  readonly inputs: string;
}

/** @returns undefined for anything that the build does not write */
export function parseQuickJsRecord(json: Uint8Array): QuickJsRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(json).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const [sha256, source, toolchain, inputs] = ['sha256', 'source', 'toolchain', 'inputs'].map((name) =>
    fields.get(name),
  );
  if (typeof sha256 !== 'string' || typeof source !== 'string') return undefined;
  if (typeof toolchain !== 'string' || typeof inputs !== 'string') return undefined;
  return { sha256, source, toolchain, inputs };
}
