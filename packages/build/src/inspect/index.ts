import { readFile } from 'node:fs/promises';

import { EnclosError } from '@enclos/errors';

import { parseBuildReport, type BuildReport } from '../build-report.ts';
import type { ProjectFiles } from '../project.ts';
import { inspectImage } from './image.ts';
import { inspectQuote } from './quote.ts';
import { recognise } from './recognise.ts';
import type { InspectKind, InspectReport } from './report.ts';
import { inspectSealedBlob } from './sealed-blob.ts';
import { inspectSigningKey } from './signing-key.ts';
import { inspectSigstruct } from './sigstruct.ts';

export type { InspectKind, InspectNode, InspectReport } from './report.ts';

export interface InspectOptions {
  /** `NAME.report.json` of the build, for an image's trusted base. Ignored when it speaks of another bundle. */
  readonly report?: BuildReport | undefined;
}

const inspectors: Readonly<Record<InspectKind, (bytes: Uint8Array, options: InspectOptions) => InspectReport>> = {
  image: (bytes, { report }) => inspectImage(bytes, report),
  sgxs: (bytes, { report }) => inspectImage(bytes, report),
  sigstruct: inspectSigstruct,
  quote: inspectQuote,
  'sealed-blob': inspectSealedBlob,
  'signing-key': (bytes) => inspectSigningKey(new TextDecoder().decode(bytes)),
};

/**
 * Says what a file is and what it holds. Verifies nothing but a SIGSTRUCT's own
 * signature, and says so in the report.
 *
 * @throws BUILD_FILE_UNRECOGNISED with a sentence about what the file is; the
 * parser's own error when the file begins like a known kind and is damaged.
 */
export function inspect(bytes: Uint8Array, options: InspectOptions = {}): InspectReport {
  const found = recognise(bytes);
  if ('kind' in found) return inspectors[found.kind](bytes, options);
  throw new EnclosError('BUILD_FILE_UNRECOGNISED', `This is ${found.unknown}, which cannot be inspected.`, {
    details: { found: found.unknown },
  });
}

// Plain arrays, not Buffers, whose slice() shares memory where an array's copies.
const realFiles: ProjectFiles = { readFile: async (path) => new Uint8Array(await readFile(path)) };

/**
 * Inspects a file; for an image `NAME.sgxs` also reads `NAME.report.json` beside it.
 * @throws BUILD_FILE_UNREADABLE and whatever {@link inspect} throws.
 */
export async function inspectFile(path: string, options: { readonly fs?: ProjectFiles } = {}): Promise<InspectReport> {
  const { fs = realFiles } = options;
  const bytes = await fs.readFile(path).catch((cause: unknown) => {
    throw new EnclosError('BUILD_FILE_UNREADABLE', `Cannot read ${path}.`, { details: { path }, cause });
  });
  const reportPath = path.replace(/\.sgxs$/, '.report.json');
  const report = reportPath === path ? undefined : await fs.readFile(reportPath).catch(() => undefined);
  return inspect(bytes, { report: report === undefined ? undefined : parseBuildReport(report) });
}
