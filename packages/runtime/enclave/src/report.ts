import { timingSafeEqual } from 'node:crypto';
import { equalBytes } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  Attribute,
  encodeKeyRequest,
  encodeReportBody,
  encodeTargetInfo,
  KeyName,
  parseReport,
  parseTargetInfo,
  targetInfoOf,
  type ReportBody,
} from '@enclos/sgx';
import { reportMac } from '@enclos/sgx/node';
import type { Attester } from '@enclos/tee';
import { runtime } from './runtime.ts';

const emptyTarget = new Uint8Array(512);
const emptyReportData = new Uint8Array(64);

/** By what answered: a test may hold several enclaves in one process, each with its attester. */
const known = new WeakMap<Attester, Uint8Array>();

/**
 * The identity of this enclave, from a report without a target. It is asked for once: it cannot change while the enclave is
 * loaded, because even a new CPUSVN needs a new platform process, and no enclave outlives its platform process.
 */
export async function identity(): Promise<ReportBody> {
  const { attester } = runtime();
  const report = known.get(attester) ?? (await attester.report(emptyTarget, emptyReportData));
  known.set(attester, report);
  // Parsed anew each time, because callers may change the arrays.
  return parseReport(report).body;
}

/** The TARGETINFO that another enclave on this machine needs to make a report for this one. 512 bytes. */
export async function targetInfo(): Promise<Uint8Array> {
  return encodeTargetInfo(targetInfoOf(await identity()));
}

/**
 * EREPORT: proves the identity of this enclave to one other enclave on the same machine.
 * @param target the result of the other enclave's {@link targetInfo}, 512 bytes.
 * @param reportData 64 bytes that the other enclave expects: hash its challenge into it.
 * @returns REPORT, 432 bytes.
 */
export async function createReport(target: Uint8Array, reportData: Uint8Array): Promise<Uint8Array> {
  parseTargetInfo(target);
  return runtime().attester.report(target, reportData);
}

/**
 * Verifies a report that another enclave on this machine made for this one.
 * The expected report data is an argument on purpose: without a fresh
 * challenge in it, a report can be replayed. A production enclave does not accept the report of a debug enclave.
 *
 * The report proves the identity of the other enclave, not that it is the right one: compare MRENCLAVE, or MRSIGNER with
 * product and security version.
 * @throws REPORT_NOT_VERIFIED
 * @example
 * ```ts
 * import { createHash } from 'node:crypto';
 * import { ApplicationError, verifyReport } from '@enclos/enclave';
 *
 * // Another enclave of this machine answers our challenge with a report for us.
 * export async function checkPeer(report: Uint8Array, challenge: Uint8Array, mrEnclave: Uint8Array): Promise<void> {
 *   const expected = createHash('sha512').update('peer v1').update(challenge).digest();
 *   const peer = await verifyReport(report, expected);
 *   if (Buffer.compare(peer.mrEnclave, mrEnclave) !== 0) throw new ApplicationError('Another enclave.');
 * }
 * ```
 */
export async function verifyReport(report: Uint8Array, expectedReportData: Uint8Array): Promise<ReportBody> {
  const { body, keyId, mac } = parse(report);
  const own = await identity();
  const key = await runtime().attester.key(
    encodeKeyRequest({
      keyName: KeyName.REPORT,
      keyPolicy: 0,
      isvSvn: 0,
      cpuSvn: own.cpuSvn,
      attributeMask: { flags: 0n, xfrm: 0n },
      keyId,
      miscMask: 0,
      configSvn: 0,
    }),
  );
  const genuine = timingSafeEqual(reportMac(key, encodeReportBody(body)), mac);
  const mixed = isDebug(body) && !isDebug(own);
  const fresh = equalBytes(body.reportData, expectedReportData);
  if (!genuine || mixed || !fresh) throw new EnclosError('REPORT_NOT_VERIFIED');
  return body;
}

function isDebug({ attributes }: ReportBody): boolean {
  return (attributes.flags & Attribute.DEBUG) !== 0n;
}

function parse(report: Uint8Array): ReturnType<typeof parseReport> {
  try {
    return parseReport(report);
  } catch (error) {
    if (isEnclosError(error)) throw new EnclosError('REPORT_NOT_VERIFIED');
    throw error;
  }
}
