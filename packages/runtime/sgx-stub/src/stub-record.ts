/** The file name of the stub; its record is beside it, with `.json` added. */
export const stubName = 'enclos-sgx-stub';

/** What the build says about a stub. */
export interface StubRecord {
  /** As hex, of the file. */
  readonly sha256: string;
  readonly securityVersion: number;
  readonly compiler: string;
  /** SHA-256 of everything that it was built from, as hex: an unchanged stub is not built again. */
  readonly sources: string;
}

/** @returns undefined for anything that the build does not write */
export function parseStubRecord(json: Uint8Array): StubRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(json).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const [sha256, securityVersion, compiler, sources] = ['sha256', 'securityVersion', 'compiler', 'sources'].map(
    (name) => fields.get(name),
  );
  if (typeof sha256 !== 'string' || typeof compiler !== 'string' || typeof sources !== 'string') return undefined;
  if (typeof securityVersion !== 'number' || !Number.isInteger(securityVersion)) return undefined;
  if (securityVersion < 1 || securityVersion > 255) return undefined;
  return { sha256, securityVersion, compiler, sources };
}
