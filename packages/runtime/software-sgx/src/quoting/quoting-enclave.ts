import { createHash, sign, timingSafeEqual, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  deriveSecret,
  p256FromSeed,
  pckKeyPair,
  quotingFiles,
  wideSeedBytes,
  type IssuedPck,
  type Machine,
  type P256KeyPair,
} from '@enclos/provisioning';
import {
  encodeKeyRequest,
  encodeQuoteV3,
  encodeTargetInfo,
  KeyName,
  KeyPolicy,
  parseReport,
  quoteV3SignedBytes,
  type KeyRequest,
  type Report,
  type TargetInfo,
} from '@enclos/sgx';
import { aesCmac, reportMac } from '@enclos/sgx/node';
import type { Cpu } from '../cpu/cpu.ts';
import type { LoadedEnclave } from '../cpu/enclave.ts';

/** Intel's QE vendor id: verifiers refuse any other. */
const quotingVendorId = fromHex('939a7233f79c4ca9940a0db3957f0607');
const pckChainCertificationData = 5;
const authDataBytes = 32;

export interface QuotingEnclave {
  /** TARGETINFO (512 bytes) for reports that are to be quoted. */
  targetInfo(): Uint8Array;
  /**
   * @param report 432 bytes
   * @returns a DCAP quote, version 3
   * @throws QUOTE_REPORT_REFUSED when the report was not made for this enclave on this CPU.
   */
  quote(report: Uint8Array): Uint8Array;
}

interface QuotingState {
  readonly cpu: Cpu;
  readonly enclave: LoadedEnclave;
  readonly attestationKey: P256KeyPair;
  readonly authData: Uint8Array;
  readonly quotingId: Uint8Array;
  readonly pckKey: KeyObject;
  readonly pceSvn: number;
  readonly certificationData: Uint8Array;
}

/**
 * Loads the quoting enclave. It keeps no state on disk: its keys come from
 * EGETKEY, so they are the same after a restart and change with the CPUSVN.
 *
 * @throws PLATFORM_NOT_ENROLLED without a PCK certificate for the CPUSVN that the CPU runs at.
 */
export function createQuotingEnclave(options: { readonly cpu: Cpu; readonly machine: Machine }): QuotingEnclave {
  const { cpu, machine } = options;
  const { pck } = machine;
  if (pck === undefined || pck.cpuSvn !== toHex(cpu.cpuSvn())) throw new EnclosError('PLATFORM_NOT_ENROLLED');
  const { image, sigstruct } = quotingFiles(pck);
  const enclave = cpu.load(image, sigstruct, { debug: false });
  const key = (request: Partial<KeyRequest>) => cpu.egetkey(enclave, encodeKeyRequest({ ...signerSeal, ...request }));
  const attestationSeal = key({
    // Bound to MRENCLAVE too: other enclaves that the vendor signs must not get the key that signs quotes.
    keyPolicy: KeyPolicy.MRENCLAVE | KeyPolicy.MRSIGNER,
    isvSvn: enclave.identity.isvSvn,
    cpuSvn: cpu.cpuSvn(),
    keyId: label('attestation key'),
  });
  const state: QuotingState = {
    cpu,
    enclave,
    attestationKey: p256FromSeed(
      deriveSecret(attestationSeal, { purpose: 'attestation key', lengthBytes: wideSeedBytes }),
    ),
    authData: deriveSecret(attestationSeal, { purpose: 'authentication data', lengthBytes: authDataBytes }),
    // Derived at the lowest SVNs, so that updates do not change it, as Intel's QE_ID is.
    quotingId: aesCmac(key({ keyId: label('QE id') }), utf8('QE id')),
    pckKey: pckKeyPair(machine).privateKey,
    pceSvn: machine.pceSvn,
    certificationData: utf8(chainOf(pck)),
  };
  return Object.freeze<QuotingEnclave>({
    targetInfo: () => encodeTargetInfo(targetOf(enclave)),
    quote: (report) => makeQuote(state, checkReport(state, report)),
  });
}

const allBits = 0xffff_ffff_ffff_ffffn;

const signerSeal: KeyRequest = Object.freeze({
  keyName: KeyName.SEAL,
  keyPolicy: KeyPolicy.MRSIGNER,
  isvSvn: 0,
  cpuSvn: new Uint8Array(16),
  attributeMask: { flags: allBits, xfrm: 0n },
  keyId: new Uint8Array(32),
  miscMask: 0xffff_ffff,
  configSvn: 0,
});

/** A key id that names its use. */
function label(use: string): Uint8Array {
  const keyId = new Uint8Array(32);
  keyId.set(utf8(use));
  return keyId;
}

function targetOf({ identity }: LoadedEnclave): TargetInfo {
  const { mrEnclave, attributes, configSvn, miscSelect, configId } = identity;
  return { mrEnclave, attributes, configSvn, miscSelect, configId };
}

/** Local attestation: only a report that this CPU made for this enclave has a MAC under its REPORT key. */
function checkReport({ cpu, enclave }: QuotingState, bytes: Uint8Array): Report {
  const report = parse(bytes);
  const request = encodeKeyRequest({ ...signerSeal, keyName: KeyName.REPORT, keyPolicy: 0, keyId: report.keyId });
  const expected = reportMac(cpu.egetkey(enclave, request), bytes.subarray(0, 384));
  if (!timingSafeEqual(expected, report.mac)) throw new EnclosError('QUOTE_REPORT_REFUSED');
  return report;
}

function parse(bytes: Uint8Array): Report {
  try {
    return parseReport(bytes);
  } catch (cause) {
    throw new EnclosError('QUOTE_REPORT_REFUSED', 'The report is malformed.', { cause });
  }
}

function makeQuote(state: QuotingState, { body }: Report): Uint8Array {
  const { attestationKey, authData, enclave, pceSvn } = state;
  const userData = concatBytes(state.quotingId, new Uint8Array(4));
  const content = { qeSvn: enclave.identity.isvSvn, pceSvn, qeVendorId: quotingVendorId, userData, reportBody: body };
  const qeReport = quotingReport(state);
  return encodeQuoteV3({
    ...content,
    signature: {
      isvSignature: signRaw(quoteV3SignedBytes(content), attestationKey.privateKey),
      attestationKey: attestationKey.publicKey,
      qeReport: qeReport.report.body,
      qeReportSignature: signRaw(qeReport.bodyBytes, state.pckKey),
      qeAuthData: authData,
      certificationDataType: pckChainCertificationData,
      certificationData: state.certificationData,
    },
  });
}

/** The QE report binds the attestation key: report data is SHA-256(key ‖ auth data), then zeros (DCAP quote library, A.4). */
function quotingReport(state: QuotingState): { readonly report: Report; readonly bodyBytes: Uint8Array } {
  const { cpu, enclave, attestationKey, authData } = state;
  const digest = createHash('sha256').update(attestationKey.publicKey).update(authData).digest();
  const reportData = concatBytes(digest, new Uint8Array(32));
  const bytes = cpu.ereport(enclave, encodeTargetInfo(targetOf(enclave)), reportData);
  return { report: parseReport(bytes), bodyBytes: bytes.subarray(0, 384) };
}

function signRaw(data: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }));
}

/** Leaf, intermediate, root. */
function chainOf({ pck, platformCa, root }: IssuedPck): string {
  return `${pck}${platformCa}${root}`;
}
