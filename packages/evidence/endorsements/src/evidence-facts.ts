import { ByteReader, toHex } from '@enclos/codec';
import { decodeLatin1, withoutTrailingNuls } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { DcapFacts, PckFacts, PckLookup } from './dcap/dcap.ts';
import { readChainInAnyOrder } from './item.ts';
import { pckSubject } from './dcap/pck.ts';
import type { SnpFacts } from './snp/snp.ts';
import { snpReportBytes, snpReportFacts } from './snp/snp-report.ts';

const headerBytes = 48;
const userDataOffset = 28;
const teeTypes: Readonly<Record<number, 'sgx' | 'tdx'>> = { 0: 'sgx', 0x81: 'tdx' };
/** Bytes of the reports in quotes of version 4. Version 5 says it itself. */
const bodyBytes = { sgx: 384, tdx: 584 } as const;
const mostBytes = 262_144;
/** Signature and attestation key. */
const signatureBytes = 128;
/** QE report and its signature. */
const qeReportBytes = 448;
/** CPUSVN, PCESVN, PCEID. */
const svnBytes = 20;
const pckChainType = 5;
const qeCertificationType = 6;

/**
 * Which platform a quote (DCAP versions 3 to 5) or a report of SEV-SNP is of, as
 * far as it says so. Nothing is verified: wrong facts lead to endorsements that
 * do not fit, and to a refusal.
 *
 * @param options `product`: of AMD, for a report of version 2, which does not name it.
 * @throws ENDORSEMENTS_EVIDENCE_UNREADABLE
 */
export function endorsementFacts(
  evidence: Uint8Array,
  options: { readonly product?: SnpFacts['product'] } = {},
): DcapFacts | PckFacts | SnpFacts {
  return read(evidence, () =>
    evidence.length === snpReportBytes
      ? snpReportFacts(evidence, options.product)
      : certificationFacts(readCertification(evidence)),
  );
}

/** The certificates that a quote carries. */
export interface CarriedChain {
  readonly tee: 'sgx' | 'tdx';
  /** The bytes of the quote itself. */
  readonly pem: Uint8Array;
}

/**
 * The chain from which {@link endorsementFacts} reads the platform of a quote: with the same one, the facts are the same.
 * Undefined for a quote that names its platform without a chain.
 *
 * @throws ENDORSEMENTS_EVIDENCE_UNREADABLE
 */
export function carriedChain(quote: Uint8Array): CarriedChain | undefined {
  const { tee, type, data } = read(quote, () => readCertification(quote));
  return type === pckChainType ? { tee, pem: data } : undefined;
}

function read<T>(evidence: Uint8Array, parse: () => T): T {
  try {
    if (evidence.length > mostBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'it is too large.');
    return parse();
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    throw new EnclosError('ENDORSEMENTS_EVIDENCE_UNREADABLE', `The evidence cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

interface Certification {
  readonly tee: 'sgx' | 'tdx';
  /** 16 bytes: the id of the quoting enclave. */
  readonly qeId: Uint8Array;
  readonly type: number;
  readonly data: Uint8Array;
}

/** Only what leads to the certification data (reference: the quote structures of Intel's QVL, `QuoteStructures.h`). */
function readCertification(evidence: Uint8Array): Certification {
  const reader = new ByteReader(evidence);
  const version = reader.u16();
  if (version < 3 || version > 5) throw new EnclosError('CODEC_INVALID', 'it is not a DCAP quote of version 3 to 5.');
  reader.skip(2);
  const teeType = reader.u32();
  const tee = version === 3 ? 'sgx' : teeTypes[teeType];
  if (tee === undefined) throw new EnclosError('CODEC_INVALID', 'it is a quote of an unknown kind of TEE.');
  reader.skip(userDataOffset - reader.offset);
  // Intel's and our quoting enclaves put their id there.
  const qeId = reader.view(16);
  reader.skip(headerBytes - reader.offset);
  reader.skip(version === 5 ? bodySize(reader) : bodyBytes[tee]);
  reader.skip(4 + signatureBytes);
  if (version > 3) {
    if (reader.u16() !== qeCertificationType) {
      throw new EnclosError('CODEC_INVALID', 'it has no QE certification data.');
    }
    reader.skip(4);
  }
  reader.skip(qeReportBytes);
  reader.skip(reader.u16());
  return { tee, qeId, type: reader.u16(), data: reader.view(reader.u32()) };
}

function bodySize(reader: ByteReader): number {
  reader.skip(2);
  return reader.u32();
}

function certificationFacts({ tee, qeId, type, data }: Certification): DcapFacts | PckFacts {
  if (type !== pckChainType) {
    return Object.freeze({ tee, pck: Object.freeze({ ...readLookup(type, data), qeId: toHex(qeId) }) });
  }
  const [pck, issuer] = readChainInAnyOrder(withoutTrailingNuls(decodeLatin1(data)));
  if (pck === undefined || issuer === undefined) throw new EnclosError('CODEC_INVALID', 'its PCK chain is too short.');
  return Object.freeze({ tee, ...pckSubject(pck, issuer) });
}

/** By type of certification data: the bytes of the PPID, plain or RSA-OAEP. Each has the room of the longest. */
const ppidBytes: Readonly<Record<number, number>> = { 1: 16, 2: 256, 3: 384 };

/** Types 1 to 3: PPID, CPUSVN, PCESVN, PCEID. */
function readLookup(type: number, data: Uint8Array): Omit<PckLookup, 'qeId'> {
  const size = ppidBytes[type];
  if (size === undefined) throw new EnclosError('CODEC_INVALID', `it has certification data of type ${type}.`);
  const reader = new ByteReader(data);
  const ppid = toHex(reader.bytes(size));
  reader.skip(Math.max(0, reader.remaining - svnBytes));
  const rest = { cpuSvn: toHex(reader.bytes(16)), pceSvn: toHex(reader.bytes(2)), pceId: toHex(reader.bytes(2)) };
  return type === 1 ? { ppid, ...rest } : { encryptedPpid: ppid, ...rest };
}
