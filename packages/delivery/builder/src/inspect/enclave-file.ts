import { equalBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

import { PT_LOAD, readExactly, readSegments, viewOf, type ReadAt } from '../elf/elf.ts';
import { readSections, type ElfSection } from '../elf/elf-sections.ts';

/** What an SDK wrote about an enclave into its file, and the signature with it. */
export interface EnclaveMetadata {
  /** The version of the metadata of Intel's SDK, such as 2.4. */
  readonly version?: string;
  /** The size of the enclave's range, where the metadata say it. */
  readonly enclaveBytes?: bigint;
  /** SIGSTRUCT, 1808 bytes; undefined when the file was not signed. */
  readonly sigstruct: Uint8Array | undefined;
}

/** A file with an SGX enclave, made by an SDK for the processor. */
export interface EnclaveFile {
  readonly sdk: 'intel' | 'open-enclave';
  /**
   * No segment that may be executed holds the bytes of ENCLU (0F 01 D7), so the code cannot leave an enclave, ask for a report or for a
   * key: it was built for the simulation of its SDK.
   */
  readonly simulated: boolean;
  /** Intel's SDK writes one for each kind of processor, the one for the newest first. */
  readonly metadata: readonly EnclaveMetadata[];
}

export const maxEnclaveFileBytes: number = 256 * 1024 * 1024;

const sigstructBytes = 1808;
const enclu = Uint8Array.of(0x0f, 0x01, 0xd7);
const PF_X = 1;

/**
 * Reads what Intel's SGX SDK and Open Enclave write about an enclave into its ELF
 * file. Nothing is measured and nothing verified.
 *
 * @returns undefined for an ELF file without an enclave.
 * @throws ENCLAVE_FILE_INVALID when there seems to be an enclave, and the file is damaged.
 */
export function readEnclaveFile(bytes: Uint8Array): EnclaveFile | undefined {
  const read: ReadAt = (offset, length) => bytes.subarray(offset, offset + length);
  return refusing(() => {
    const sections = attempt(() => readSections(read));
    const found = (sections ?? []).filter(({ name }) => name === intelSection || name === openEnclaveSection);
    const [section] = found;
    if (section === undefined) return undefined;
    // Loaders differ in which one they take.
    if (found.length > 1) throw new RangeError('It has the metadata of several enclaves.');
    return Object.freeze({
      ...(section.name === intelSection ? readIntel(read, section) : readOpenEnclave(read, section)),
      simulated: !holdsEnclu(read, bytes.length),
    });
  });
}

/** A file whose sections cannot be read is some other ELF file: nothing says that it is an enclave. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EnclosError('ENCLAVE_FILE_INVALID', `The enclave file is damaged: ${cause.message}`, { cause });
  }
}

const intelSection = '.note.sgxmeta';
const noteName = utf8('sgx_metadata\0');
const noteHeaderBytes = 12;
const intelMagic = 0x86a8_0294_635d_0e4cn;
const intelHeaderBytes = 64;
const maxIntelSectionBytes = 1024 * 1024;
const maxIntelMetadata = 16;

/** A note whose description is a row of metadata_t (Intel SGX SDK, common/inc/internal/metadata.h). */
function readIntel(read: ReadAt, section: ElfSection): Pick<EnclaveFile, 'sdk' | 'metadata'> {
  const bytes = readExactly(read, section, maxIntelSectionBytes);
  const start = noteHeaderBytes + noteName.length;
  if (bytes.length < start || !equalBytes(bytes.subarray(noteHeaderBytes, start), noteName)) {
    throw new RangeError('The note with the metadata has another name.');
  }
  const view = viewOf(bytes);
  const end = start + view.getUint32(4, true);
  if (view.getUint32(0, true) !== noteName.length || end > bytes.length) {
    throw new RangeError('The note with the metadata is out of bounds.');
  }
  // The SDK links 4096 zeros, and its signer writes over them.
  if (end > start && isZero(bytes.subarray(start, end))) return { sdk: 'intel', metadata: [{ sigstruct: undefined }] };
  const metadata: EnclaveMetadata[] = [];
  for (let at = start; at + intelHeaderBytes + sigstructBytes <= end;) {
    // What follows the last one is zeros.
    if (view.getBigUint64(at, true) !== intelMagic) break;
    if (metadata.length === maxIntelMetadata) throw new RangeError(`It has more than ${maxIntelMetadata} metadata.`);
    const sizeBytes = view.getUint32(at + 16, true);
    if (sizeBytes < intelHeaderBytes + sigstructBytes || at + sizeBytes > end) {
      throw new RangeError('Metadata are out of bounds.');
    }
    metadata.push({
      version: `${view.getUint32(at + 12, true)}.${view.getUint32(at + 8, true)}`,
      enclaveBytes: view.getBigUint64(at + 40, true),
      sigstruct: signatureAt(bytes, at + intelHeaderBytes),
    });
    at += sizeBytes;
  }
  if (metadata.length === 0) throw new RangeError('The metadata do not begin as they should.');
  return { sdk: 'intel', metadata };
}

const openEnclaveSection = '.oeinfo';
const openEnclaveBytes = 1960;
const openEnclaveSigstructAt = 144;
/** OE_ENCLAVE_TYPE_SGX. */
const openEnclaveSgx = 2;

/** oe_sgx_enclave_properties_t (Open Enclave, include/openenclave/bits/sgx/sgxproperties.h). */
function readOpenEnclave(read: ReadAt, section: ElfSection): Pick<EnclaveFile, 'sdk' | 'metadata'> {
  const bytes = readExactly(read, section, maxIntelSectionBytes);
  if (bytes.length < openEnclaveBytes) throw new RangeError('The properties are cut off.');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== openEnclaveBytes || view.getUint32(4, true) !== openEnclaveSgx) {
    throw new RangeError('The properties are of a layout that is not known here.');
  }
  return { sdk: 'open-enclave', metadata: [{ sigstruct: signatureAt(bytes, openEnclaveSigstructAt) }] };
}

function signatureAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const sigstruct = bytes.slice(at, at + sigstructBytes);
  return isZero(sigstruct) ? undefined : sigstruct;
}

/** Reads each executable segment once; together they have no more bytes than the file. */
function holdsEnclu(read: ReadAt, fileBytes: number): boolean {
  const { segments } = readSegments(read);
  const executable = segments.filter(({ type, flags }) => type === PT_LOAD && (flags & PF_X) !== 0);
  const total = executable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n);
  if (total > BigInt(fileBytes)) throw new RangeError('Its segments overlap.');
  return executable.some((segment) => {
    const bytes = readExactly(read, segment, fileBytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(Buffer.from(enclu));
  });
}
