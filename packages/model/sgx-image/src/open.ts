import { findSymbols, PF_X, PT_LOAD, readHeader, readSections, type ElfSection, type ReadAt } from '@enclos/elf';
import { equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

import type { EnclaveImage, SdkEnclaveImage, SdkMetadata } from './image.ts';
import { describeMetadata, openIntelImage } from './intel/image.ts';
import { intelSection, readIntelMetadata } from './intel/metadata.ts';
import { describeProperties, openOpenEnclaveImage } from './open-enclave/image.ts';
import { openEnclaveSection, readProperties } from './open-enclave/properties.ts';
import { refuse, refusing } from './refusals.ts';
import { openSgxsImage } from './sgxs/image.ts';

/** An ELF file with an enclave, before its form is looked at. */
export interface EnclaveFile {
  readonly sdk: SdkEnclaveImage['sdk'];
  /**
   * Its code cannot run as an enclave: no segment that may be executed holds the bytes of ENCLU (0F 01 D7), or it holds what
   * Intel's SDK links into simulation builds only.
   */
  readonly simulated: boolean;
  /** None in a file of Intel's SDK that was never signed. */
  readonly metadata: readonly SdkMetadata[];
  /** Its pages. @throws ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED, ENCLAVE_FILE_ZERO_BASE */
  readonly open: () => SdkEnclaveImage;
}

/**
 * Recognises the enclave of an SDK in an ELF file, by its section.
 *
 * @param fileBytes size of the file.
 * @returns undefined for a file without an enclave.
 * @throws ENCLAVE_FILE_INVALID when there seems to be an enclave, and the file is damaged.
 */
export function recogniseEnclaveFile(read: ReadAt, fileBytes: number): EnclaveFile | undefined {
  const sections = attempt(() => readSections(read)) ?? [];
  const found = sections.filter(({ name }) => name === intelSection || name === openEnclaveSection);
  const [section] = found;
  if (section === undefined) return undefined;
  // Loaders differ in which one they take.
  if (found.length > 1) refuse('it has the metadata of several enclaves.');
  const sdk = section.name === intelSection ? 'intel' : 'open-enclave';
  const simulated = refusing(() => !holdsEnclu(read, fileBytes) || holdsSimulation(read, sections));
  if (sdk === 'intel') {
    const all = refusing(() => readIntelMetadata(read, section));
    return Object.freeze({
      sdk,
      simulated,
      metadata: describeMetadata(all),
      open: () => openIntelImage(read, fileBytes, all),
    });
  }
  const properties = refusing(() => readProperties(read, section));
  return Object.freeze({
    sdk,
    simulated,
    metadata: describeProperties(section, properties),
    open: () => openOpenEnclaveImage(read, fileBytes, { section, sections, properties }),
  });
}

/**
 * Opens an enclave file of Intel's SGX SDK or of Open Enclave, or an SGXS stream. Its bounds are checked before anything
 * is made of it; its signature is not verified.
 *
 * @param read gives bytes of the file, now and whenever the pages are asked for.
 * @param fileBytes size of the file.
 * @throws ENCLAVE_FILE_SIMULATED for a simulation build, ENCLAVE_FILE_ZERO_BASE, ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED for a file
 * that has no layout yet, SGXS_INVALID.
 * @example
 * ```ts
 * const bytes = readFileSync('enclave.signed.so');
 * const image = openEnclaveImage((offset, length) => bytes.subarray(offset, offset + length), bytes.length);
 * console.log(image.sdk, image.threads, image.sizeBytes);
 * ```
 */
export function openEnclaveImage(read: ReadAt, fileBytes: number): EnclaveImage {
  return equalBytes(read(0, elfMagic.length), elfMagic)
    ? openSdkImage(read, fileBytes)
    : openSgxsImage(read, fileBytes);
}

/** As {@link openEnclaveImage}, for the ELF file of an SDK only. */
export function openSdkImage(read: ReadAt, fileBytes: number): SdkEnclaveImage {
  const file = recogniseEnclaveFile(read, fileBytes);
  if (file === undefined) return refuse('it is an ELF file without an enclave.');
  if (file.simulated) {
    throw new EnclosError(
      'ENCLAVE_FILE_SIMULATED',
      `This is an enclave file of ${sdkNames[file.sdk]}, built for simulation.`,
      {
        details: { sdk: file.sdk },
      },
    );
  }
  return file.open();
}

export const sdkNames: Readonly<Record<SdkEnclaveImage['sdk'], string>> = Object.freeze({
  intel: 'Intel’s SGX SDK',
  'open-enclave': 'Open Enclave',
});

/** A file whose sections cannot be read is some other ELF file: nothing says that it is an enclave. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const elfMagic = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);
const enclu = [0x0f, 0x01, 0xd7] as const;
const pieceBytes = 1024 * 1024;

/** Reads each executable segment once; together they have no more bytes than the file. */
function holdsEnclu(read: ReadAt, fileBytes: number): boolean {
  const executable = readHeader(read).segments.filter(({ type, flags }) => type === PT_LOAD && (flags & PF_X) !== 0);
  const total = executable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n);
  if (total > BigInt(fileBytes)) throw new RangeError('Its segments overlap.');
  return executable.some(({ offset, sizeBytes }) => {
    if (offset + sizeBytes > BigInt(fileBytes)) throw new RangeError('The ELF file ends too early.');
    const end = Number(offset + sizeBytes);
    // Pieces overlap by two bytes, so that none hides ENCLU.
    for (let at = Number(offset); at < end; at += pieceBytes) {
      if (includesEnclu(read(at, Math.min(pieceBytes + enclu.length - 1, end - at)))) return true;
    }
    return false;
  });
}

function includesEnclu(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(enclu[0]); at >= 0; at = bytes.indexOf(enclu[0], at + 1)) {
    if (bytes[at + 1] === enclu[1] && bytes[at + 2] === enclu[2]) return true;
  }
  return false;
}

/** The symbol by which Intel's own loader knows a simulation build. */
const simulationSymbol = 'g_global_data_sim';

function holdsSimulation(read: ReadAt, sections: readonly ElfSection[]): boolean {
  return findSymbols(read, sections, [simulationSymbol]).has(simulationSymbol);
}
