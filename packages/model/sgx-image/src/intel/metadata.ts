import { equalBytes, isZero, utf8, viewOf } from '@enclos/codec';
import { readExactly, type ElfSection, type ReadAt } from '@enclos/elf';

import { SIGSTRUCT_BYTES, signatureIn } from '../signature.ts';
import { refuse } from '../refusals.ts';

/** metadata_t (Intel SGX SDK, common/inc/internal/metadata.h), without what is in its directories. */
export interface IntelMetadata {
  readonly major: number;
  readonly minor: number;
  readonly ssaFrameSize: number;
  readonly miscSelect: number;
  readonly enclaveBytes: bigint;
  readonly flags: bigint;
  readonly xfrm: bigint;
  readonly signature: Uint8Array | undefined;
  /** In the file. */
  readonly signatureOffset: number;
  /** All of it. What the directories name counts from its start. */
  readonly bytes: Uint8Array;
}

/** A part of the metadata that a directory names. */
export interface Directory {
  readonly offset: number;
  readonly sizeBytes: number;
}

export const intelSection = '.note.sgxmeta';
const noteName = utf8('sgx_metadata\0');
const noteHeaderBytes = 12;
const magic = 0x86a8_0294_635d_0e4cn;
const sigstructAt = 64;
const directoriesAt = sigstructAt + SIGSTRUCT_BYTES;
const directoryBytes = 8;
const maxSectionBytes = 1024 * 1024;
const maxMetadata = 16;

/**
 * The metadata of an enclave file, in the order of the file; none in a file that was never signed.
 *
 * @throws ENCLAVE_FILE_INVALID, RangeError
 */
export function readIntelMetadata(read: ReadAt, section: ElfSection): readonly IntelMetadata[] {
  const bytes = readExactly(read, section, maxSectionBytes);
  const start = noteHeaderBytes + noteName.length;
  if (bytes.length < start || !equalBytes(bytes.subarray(noteHeaderBytes, start), noteName)) {
    refuse('the note with the metadata has another name.');
  }
  const view = viewOf(bytes);
  const end = start + view.getUint32(4, true);
  if (view.getUint32(0, true) !== noteName.length || end > bytes.length) {
    refuse('the note with the metadata is out of bounds.');
  }
  // The SDK links 4096 zeros, and its signer writes over them.
  if (end > start && isZero(bytes.subarray(start, end))) return [];
  const metadata: IntelMetadata[] = [];
  for (let at = start; at + directoriesAt <= end;) {
    // What follows the last one is zeros.
    if (view.getBigUint64(at, true) !== magic) break;
    if (metadata.length === maxMetadata) refuse(`it has more than ${maxMetadata} metadata.`);
    const sizeBytes = view.getUint32(at + 16, true);
    if (sizeBytes < directoriesAt || at + sizeBytes > end) refuse('metadata are out of bounds.');
    metadata.push(metadataIn(bytes.subarray(at, at + sizeBytes), Number(section.offset) + at));
    at += sizeBytes;
  }
  if (metadata.length === 0) refuse('the metadata do not begin as they should.');
  return Object.freeze(metadata);
}

function metadataIn(bytes: Uint8Array, offset: number): IntelMetadata {
  const view = viewOf(bytes);
  return Object.freeze({
    major: view.getUint32(12, true),
    minor: view.getUint32(8, true),
    ssaFrameSize: view.getUint32(24, true),
    miscSelect: view.getUint32(32, true),
    enclaveBytes: view.getBigUint64(40, true),
    flags: view.getBigUint64(48, true),
    xfrm: view.getBigUint64(56, true),
    signature: signatureIn(bytes, sigstructAt),
    signatureOffset: offset + sigstructAt,
    bytes,
  });
}

/** The directory of that number, when the metadata have it. @throws ENCLAVE_FILE_INVALID when it is out of bounds */
export function directoryOf({ bytes }: IntelMetadata, index: number): Directory {
  const at = directoriesAt + index * directoryBytes;
  if (at + directoryBytes > bytes.length) refuse('the metadata have no directories.');
  const view = viewOf(bytes);
  const [offset, sizeBytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
  if (sizeBytes > 0 && offset + sizeBytes > bytes.length) refuse('a directory of the metadata is out of bounds.');
  return { offset, sizeBytes };
}

/** The bytes of the metadata from `offset`. @throws ENCLAVE_FILE_INVALID when they are out of bounds */
export function metadataBytes({ bytes }: IntelMetadata, offset: number, sizeBytes: number): Uint8Array {
  if (offset + sizeBytes > bytes.length) refuse('content in the metadata is out of bounds.');
  return bytes.subarray(offset, offset + sizeBytes);
}
