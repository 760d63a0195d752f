import { decodeLatin1 } from '@enclos/codec/text';
import { fileKindOf } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';

import type { MeterOptions } from '@enclos/sgx-image/node';

import type { BuildReport } from '../build-report.ts';
import { inspectEnclaveFile } from './enclave-elf.ts';
import { inspectImage } from './image.ts';
import { inspectQuote, type ExplainEvidence } from './quote.ts';
import type { InspectKind, InspectReport } from './report.ts';
import { inspectSealedBlob } from './sealed-blob.ts';
import { inspectSigningKey } from './signing-key.ts';
import { inspectSigstruct } from './sigstruct.ts';

export interface InspectOptions {
  /** `NAME.report.json` of the build, for an image's trusted base. Ignored when it speaks of another bundle. */
  readonly report?: BuildReport | undefined;
  /** For quotes. Without it a quote cannot be inspected. */
  readonly explain?: ExplainEvidence | undefined;
  /** For enclave files of other SDKs, which are measured. */
  readonly meter?: MeterOptions | undefined;
}

type FileKind = Exclude<InspectKind, 'enclave-elf'>;

const inspectors: Readonly<Record<FileKind, (bytes: Uint8Array, options: InspectOptions) => InspectReport>> = {
  image: (bytes, { report }) => inspectImage(bytes, report),
  sgxs: (bytes, { report }) => inspectImage(bytes, report),
  sigstruct: inspectSigstruct,
  quote: (bytes, { explain }) => inspectQuote(bytes, explain),
  'sealed-blob': inspectSealedBlob,
  'signing-key': (bytes) => inspectSigningKey(decodeLatin1(bytes)),
};

/**
 * The kind of a file by how it begins: its first 64 KiB are enough.
 * @throws BUILD_FILE_UNRECOGNISED with a sentence about what the file is.
 */
export function kindOf(bytes: Uint8Array): FileKind {
  const { known, words } = fileKindOf(bytes);
  if (known !== undefined && known !== 'elf') return known;
  throw new EnclosError('BUILD_FILE_UNRECOGNISED', `This is ${words}, which cannot be inspected.`, {
    details: { found: words },
  });
}

/** True for an ELF file. Only its end can tell whether it holds an enclave. */
export function looksLikeElf(bytes: Uint8Array): boolean {
  return fileKindOf(bytes).known === 'elf';
}

/**
 * Says what a file is and what it holds. Verifies nothing but a SIGSTRUCT's own
 * signature, and says so in the report.
 *
 * @throws BUILD_FILE_UNRECOGNISED with a sentence about what the file is; the
 * parser's own error when the file begins like a known kind and is damaged.
 */
export function inspect(bytes: Uint8Array, options: InspectOptions = {}): InspectReport {
  const enclave = looksLikeElf(bytes) ? inspectEnclaveFile(bytes, options.meter) : undefined;
  return enclave ?? inspectors[kindOf(bytes)](bytes, options);
}
