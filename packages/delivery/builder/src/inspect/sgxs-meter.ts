import { createHash } from 'node:crypto';

import { concatBytes } from '@enclos/codec';
import { PageFlags, SgxsReader, type SgxsEvent } from '@enclos/sgx';

/** What a stream amounts to, of whatever tool it is. */
export interface SgxsFacts {
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** Length of the stream. */
  readonly streamBytes: number;
  /** Size of the enclave (ECREATE). */
  readonly enclaveBytes: number;
  /** Pages. */
  readonly ssaFrameSize: number;
  readonly pages: number;
  readonly threadControlPages: number;
  readonly writablePages: number;
  readonly executablePages: number;
  readonly partlyMeasuredPages: number;
}

export interface SgxsMeter {
  /** @throws SGXS_INVALID */
  push(piece: Uint8Array): void;
  /** @throws SGXS_INVALID when the stream may not end here. */
  finish(): SgxsFacts;
}

const recordBytes = 64;
const recordWithDataBytes = 320;
const chunksPerPage = 16;
/** The reader gives a copy of every record of a piece at once: with small pieces that stays little. */
const maxPieceBytes = 256 * 1024;

type Counts = { -readonly [Name in Exclude<keyof SgxsFacts, 'mrEnclave'>]: SgxsFacts[Name] };

function countEvent(counts: Counts, event: SgxsEvent): void {
  if (event.kind === 'ecreate') {
    counts.enclaveBytes = Number(event.sizeBytes);
    counts.ssaFrameSize = event.ssaFrameSize;
  } else if (event.kind === 'eadd') {
    counts.pages++;
    if ((event.flags & PageFlags.TCS) !== 0n) counts.threadControlPages++;
    if ((event.flags & PageFlags.W) !== 0n) counts.writablePages++;
    if ((event.flags & PageFlags.X) !== 0n) counts.executablePages++;
  }
}

/**
 * Measures an SGXS stream of any tool, piece by piece and in little memory
 * whatever the stream says: MRENCLAVE is the SHA-256 of the measured records
 * (SDM vol. 3D: ECREATE, EADD, EEXTEND), so records that are loaded and not
 * measured are left out.
 */
export function createSgxsMeter(): SgxsMeter {
  const reader = new SgxsReader({ profile: 'any', maxBytes: Number.MAX_SAFE_INTEGER });
  const hash = createHash('sha256');
  const counts: Counts = {
    streamBytes: 0,
    enclaveBytes: 0,
    ssaFrameSize: 0,
    pages: 0,
    threadControlPages: 0,
    writablePages: 0,
    executablePages: 0,
    partlyMeasuredPages: 0,
  };
  let incomplete: Uint8Array = new Uint8Array();
  let measuredChunks = chunksPerPage;

  function finishPage(): void {
    if (measuredChunks < chunksPerPage) counts.partlyMeasuredPages++;
  }

  function pushSmall(piece: Uint8Array): void {
    const bytes = incomplete.length === 0 ? piece : concatBytes(incomplete, piece);
    let at = 0;
    let runStart = 0;
    for (const event of reader.push(piece)) {
      countEvent(counts, event);
      const end = at + (event.kind === 'chunk' ? recordWithDataBytes : recordBytes);
      if (event.kind === 'eadd') {
        finishPage();
        measuredChunks = 0;
      } else if (event.kind === 'chunk' && event.measured) measuredChunks++;
      else if (event.kind === 'chunk') {
        hash.update(bytes.subarray(runStart, at));
        runStart = end;
      }
      at = end;
    }
    hash.update(bytes.subarray(runStart, at));
    incomplete = bytes.slice(at);
    counts.streamBytes += piece.length;
  }

  return {
    push(piece) {
      for (let at = 0; at < piece.length; at += maxPieceBytes) pushSmall(piece.subarray(at, at + maxPieceBytes));
    },
    finish() {
      reader.end();
      finishPage();
      measuredChunks = chunksPerPage;
      return Object.freeze({ ...counts, mrEnclave: new Uint8Array(hash.digest()) });
    },
  };
}
