import { EnclosError } from '@enclos/errors';

import type { BuildReport } from '../build-report.ts';
import { inspectEnclaveFile } from './enclave-elf.ts';
import { inspectImage } from './image.ts';
import { inspectQuote } from './quote.ts';
import { looksLikeElf, recognise } from './recognise.ts';
import type { InspectKind, InspectReport } from './report.ts';
import { inspectSealedBlob } from './sealed-blob.ts';
import { inspectSigningKey } from './signing-key.ts';
import { inspectSigstruct } from './sigstruct.ts';

export interface InspectOptions {
  /** `NAME.report.json` of the build, for an image's trusted base. Ignored when it speaks of another bundle. */
  readonly report?: BuildReport | undefined;
}

type FileKind = Exclude<InspectKind, 'enclave-elf'>;

const inspectors: Readonly<Record<FileKind, (bytes: Uint8Array, options: InspectOptions) => InspectReport>> = {
  image: (bytes, { report }) => inspectImage(bytes, report),
  sgxs: (bytes, { report }) => inspectImage(bytes, report),
  sigstruct: inspectSigstruct,
  quote: inspectQuote,
  'sealed-blob': inspectSealedBlob,
  'signing-key': (bytes) => inspectSigningKey(new TextDecoder().decode(bytes)),
};

/**
 * The kind of a file by how it begins: its first 64 KiB are enough.
 * @throws BUILD_FILE_UNRECOGNISED with a sentence about what the file is.
 */
export function kindOf(bytes: Uint8Array): FileKind {
  const found = recognise(bytes);
  if ('kind' in found) return found.kind;
  throw new EnclosError('BUILD_FILE_UNRECOGNISED', `This is ${found.unknown}, which cannot be inspected.`, {
    details: { found: found.unknown },
  });
}

/**
 * Says what a file is and what it holds. Verifies nothing but a SIGSTRUCT's own
 * signature, and says so in the report.
 *
 * @throws BUILD_FILE_UNRECOGNISED with a sentence about what the file is; the
 * parser's own error when the file begins like a known kind and is damaged.
 */
export function inspect(bytes: Uint8Array, options: InspectOptions = {}): InspectReport {
  const enclave = looksLikeElf(bytes) ? inspectEnclaveFile(bytes) : undefined;
  return enclave ?? inspectors[kindOf(bytes)](bytes, options);
}
