import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { encodeManifest, encodeFiles, decodeFiles, decodeManifest, layOutImage, readImage } from '../src/index.ts';
import { companionManifest, passingManifest, programManifest, sampleManifest } from '../test/sample.ts';

export const seeds: readonly Uint8Array[] = [
  layOutImage({ manifest: sampleManifest, bundle: utf8('(() => 1)'), files: [{ path: '/a', content: utf8('a') }] }),
  encodeManifest(sampleManifest),
  encodeManifest(passingManifest),
  encodeManifest(programManifest),
  encodeManifest(companionManifest),
  encodeFiles([{ path: '/a/b', content: utf8('content') }]),
];

/** Each parser of the measured pages, over the same bytes. */
export function fuzz(data: Uint8Array): void {
  for (const parse of [readImage, decodeManifest, decodeFiles]) {
    try {
      parse(data);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
