import { randomBytes } from 'node:crypto';
import { toHex, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { KernelFiles } from '../devices/kernel-files.ts';
import { attributeWord, deviceError, errnoOf, readPseudoFile, writePseudoFile } from '../devices/pseudo-file.ts';

export const reportFolder = '/sys/kernel/config/tsm/report';

/** TSM_REPORT_OUTBLOB_MAX was 32 KiB, and is 16 MiB since certificates of post-quantum keys; ours are far smaller. */
const maxBlobBytes = 1024 * 1024;
const maxWordBytes = 4096;
const nameAttempts = 4;
const generationModulus = 2n ** 64n;
const raced = 'Another process wrote to the same report entry, or the kernel dropped a write.';

/**
 * A folder of configfs-tsm (Linux, Documentation/ABI/testing/configfs-tsm-report), which the kernel fills with
 * attributes. Each request has its own folder, which no other process has a reason to touch.
 */
export interface ReportEntry {
  readonly path: string;
  exists(attribute: string): Promise<boolean>;
  word(attribute: string): Promise<string>;
  blob(attribute: string): Promise<Uint8Array>;
  /** Writes an attribute that is part of the request. */
  set(attribute: string, value: Uint8Array | string): Promise<void>;
  /**
   * Checks that exactly our writes counted. This finds a write of another process between ours and the report, and a write of
   * ours that the kernel dropped: configfs takes a binary value at close(2), and does not return the result
   * (fs/configfs/file.c).
   * @throws TEE_EVIDENCE_UNEXPECTED
   */
  requireOwnGeneration(): Promise<void>;
}

/**
 * Makes an entry, uses it and removes it, whatever happens.
 * @throws TEE_DEVICE_MISSING without configfs-tsm, or without a provider (ENXIO).
 */
export async function withReportEntry<T>(files: KernelFiles, use: (entry: ReportEntry) => Promise<T>): Promise<T> {
  const path = await makeEntry(files);
  let result: T;
  try {
    result = await use(await openEntry(files, path));
  } catch (error) {
    // The first error is the one to report.
    await files.removeFolder(path).catch(() => undefined);
    throw error;
  }
  await files.removeFolder(path).catch((error: unknown) => {
    throw deviceError(path, error);
  });
  return result;
}

async function makeEntry(files: KernelFiles): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const path = `${reportFolder}/enclos-${toHex(new Uint8Array(randomBytes(12)))}`;
    try {
      await files.makeFolder(path);
      return path;
    } catch (error) {
      // An entry that already exists belongs to another process.
      if (errnoOf(error) !== 'EEXIST' || attempt === nameAttempts) throw deviceError(path, error);
    }
  }
}

async function openEntry(files: KernelFiles, path: string): Promise<ReportEntry> {
  const at = (attribute: string): string => `${path}/${attribute}`;
  const word = async (attribute: string): Promise<string> =>
    attributeWord(await readPseudoFile(files, at(attribute), maxWordBytes));
  const first = await generationOf(word);
  let writes = 0n;
  return Object.freeze({
    path,
    exists: (attribute: string) => files.exists(at(attribute)),
    word,
    blob: (attribute: string) => readPseudoFile(files, at(attribute), maxBlobBytes),
    async set(attribute: string, value: Uint8Array | string) {
      await writePseudoFile(files, at(attribute), typeof value === 'string' ? utf8(value) : value);
      writes += 1n;
    },
    async requireOwnGeneration() {
      const expected = (first + writes) % generationModulus;
      if ((await generationOf(word)) === expected) return;
      throw new EnclosError('TEE_EVIDENCE_UNEXPECTED', raced, { details: { path, reason: 'generation' } });
    },
  });
}

/** True when another process used our entry too. A new entry may be ours alone. */
export function isRaced(error: unknown): boolean {
  return isEnclosError(error, 'TEE_EVIDENCE_UNEXPECTED') && error.details['reason'] === 'generation';
}

/** An unsigned long, which wraps. */
async function generationOf(word: (attribute: string) => Promise<string>): Promise<bigint> {
  const text = await word('generation');
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) {
    throw new EnclosError('TEE_EVIDENCE_UNEXPECTED', 'The generation of a report entry is not a number.');
  }
  return BigInt(text) % generationModulus;
}
