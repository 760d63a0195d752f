import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { decodeSignedProgram, encodeSignedProgram } from '../src/signed/signed-program.ts';
import { signedProgram } from '../test/signed/samples.ts';

const small = encodeSignedProgram(signedProgram({ program: new Uint8Array([0x7f, 0x45, 0x4c, 0x46]) }));

export const seeds: readonly Uint8Array[] = [
  small,
  Buffer.concat([Buffer.from('#!/bin/sh\n'), small]),
  encodeSignedProgram(signedProgram({ files: [], host: { folders: [], defaults: [] } })),
  small.subarray(1),
  new Uint8Array(),
];

/** Any file given to `enclos ego run`: a refusal, or something that is written as it was read. */
export function fuzz(data: Uint8Array): void {
  try {
    const signed = decodeSignedProgram(data);
    const again = encodeSignedProgram(signed);
    if (!equalBytes(again, data.subarray(data.length - again.length))) {
      throw new RangeError('It was read as another one.');
    }
  } catch (error) {
    if (!isEnclosError(error, 'EGO_NOT_SIGNED') && !isEnclosError(error, 'EGO_SIGNED_INVALID')) throw error;
  }
}
