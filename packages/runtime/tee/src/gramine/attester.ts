import { Turns } from '@enclos/bounded';
import { equalBytes, isZero } from '@enclos/codec';
import type { EnclosError } from '@enclos/errors';
import { parseKeyRequest, parseQuoteV3, parseReport, parseTargetInfo, type ReportBody } from '@enclos/sgx';
import type { Attester } from '../attester/attester.ts';
import { kernelFiles, type KernelFiles } from '../devices/kernel-files.ts';
import { attributeWord, readPseudoFile, writePseudoFile } from '../devices/pseudo-file.ts';
import { missingCapability } from '../missing-capability.ts';
import { requireReportData, requireSameReportData, unexpectedEvidence } from '../report-data.ts';
import { gramineCapabilities } from './capabilities.ts';
import { sealPolicyOf } from './seal-key.ts';

export interface GramineAttesterOptions {
  /** Default: those of the machine, which inside Gramine are Gramine's. */
  readonly files?: KernelFiles;
}

const folder = '/dev/attestation';
const keyFiles = { enclave: `${folder}/keys/_sgx_mrenclave`, signer: `${folder}/keys/_sgx_mrsigner` } as const;
/** Gramine's own bound is 8 KiB; the channel of an enclave takes 64 KiB. */
const maxQuoteBytes = 65_536;
const emptyTarget = new Uint8Array(512);
const emptyReportData = new Uint8Array(64);

/**
 * The inside of Gramine: an attester over the pseudo-files of `/dev/attestation` (Gramine, "Attestation and Secret
 * Provisioning"; `libos/src/fs/dev/attestation.c`). MRENCLAVE is Gramine's own: it covers Gramine and its manifest, and
 * through the manifest's hashes the interpreter and the image.
 *
 * Written from Gramine's documents and source; not yet run on hardware.
 */
export function createGramineAttester(options: GramineAttesterOptions = {}): Attester {
  const { files = kernelFiles } = options;
  // A set of pseudo-files holds one conversation.
  const turns = new Turns();
  const write = (name: string, bytes: Uint8Array): Promise<void> => writePseudoFile(files, `${folder}/${name}`, bytes);
  const read = (name: string, maxBytes: number): Promise<Uint8Array> =>
    readPseudoFile(files, `${folder}/${name}`, maxBytes);

  // The files hold one conversation, and Gramine says that they are not made for two at once.
  const report = (targetInfo: Uint8Array, reportData: Uint8Array): Promise<Uint8Array> =>
    turns.take(async () => {
      await write('target_info', targetInfo);
      await write('user_report_data', reportData);
      const bytes = await read('report', 432);
      requireSameReportData(bodyOf(bytes).reportData, reportData);
      return bytes;
    });

  let known: Promise<ReportBody> | undefined;
  /** The report body does not change while the enclave runs. */
  const own = (): Promise<ReportBody> => {
    known ??= report(emptyTarget, emptyReportData).then(bodyOf);
    // Failures are not cached.
    known.catch(() => (known = undefined));
    return known;
  };

  return Object.freeze({
    capabilities: gramineCapabilities,
    async report(targetInfo: Uint8Array, reportData: Uint8Array) {
      parseTargetInfo(targetInfo);
      requireReportData(reportData);
      return report(targetInfo, reportData);
    },
    async key(request: Uint8Array) {
      const policy = sealPolicyOf(parseKeyRequest(request), await own());
      return readKey(files, keyFiles[policy]);
    },
    async quote(reportData: Uint8Array) {
      requireReportData(reportData);
      const { mrEnclave } = await own();
      return turns.take(async () => {
        const type = attributeWord(await read('attestation_type', 64));
        if (type !== 'dcap') throw noQuotes(type);
        await write('user_report_data', reportData);
        const bytes = await read('quote', maxQuoteBytes);
        const { reportBody } = quoteOf(bytes);
        requireSameReportData(reportBody.reportData, reportData);
        if (!equalBytes(reportBody.mrEnclave, mrEnclave)) throw unexpectedEvidence('The quote is of another enclave.');
        return bytes;
      });
    },
  });
}

function noQuotes(type: string): EnclosError {
  return missingCapability(
    'gramine',
    `The Gramine manifest has remote attestation "${type}", and only "dcap" gives quotes.`,
  );
}

function bodyOf(report: Uint8Array): ReportBody {
  try {
    return parseReport(report).body;
  } catch (cause) {
    throw unexpectedEvidence('What Gramine gave is not a REPORT.', cause);
  }
}

function quoteOf(bytes: Uint8Array): ReturnType<typeof parseQuoteV3> {
  try {
    return parseQuoteV3(bytes);
  } catch (cause) {
    throw unexpectedEvidence('What Gramine gave is not a DCAP quote of version 3.', cause);
  }
}

/** 16 bytes. Anything else must not pass for a key: an empty file is a key that was never set. */
async function readKey(files: KernelFiles, path: string): Promise<Uint8Array> {
  const key = await readPseudoFile(files, path, 16);
  if (key.length === 16 && !isZero(key)) return key;
  throw unexpectedEvidence('What Gramine gave is not a key of 16 bytes.');
}
