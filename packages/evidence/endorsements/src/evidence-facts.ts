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
  try {
    if (evidence.length > mostBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'it is too large.');
    return evidence.length === snpReportBytes ? snpReportFacts(evidence, options.product) : quoteFacts(evidence);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    throw new EnclosError('ENDORSEMENTS_EVIDENCE_UNREADABLE', `The evidence cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

/** Only what leads to the certification data (reference: the quote structures of Intel's QVL, `QuoteStructures.h`). */
function quoteFacts(evidence: Uint8Array): DcapFacts | PckFacts {
  const reader = new ByteReader(evidence);
  const version = reader.u16();
  if (version < 3 || version > 5) throw new EnclosError('CODEC_INVALID', 'it is not a DCAP quote of version 3 to 5.');
  reader.skip(2);
  const teeType = reader.u32();
  const tee = version === 3 ? 'sgx' : teeTypes[teeType];
  if (tee === undefined) throw new EnclosError('CODEC_INVALID', 'it is a quote of an unknown kind of TEE.');
  reader.skip(userDataOffset - reader.offset);
  // Intel's and our quoting enclaves put their id there.
  const qeId = toHex(reader.bytes(16));
  reader.skip(headerBytes - reader.offset);
  reader.skip(version === 5 ? bodySize(reader) : bodyBytes[tee]);
  reader.skip(4 + signatureBytes);
  if (version > 3) {
    if (reader.u16() !== qeCertificationType) {
      throw new EnclosError('CODEC_INVALID', 'it has no QE certification data.');
    }
    reader.skip(4);
  }
  return certificationFacts(tee, qeId, reader);
}

function bodySize(reader: ByteReader): number {
  reader.skip(2);
  return reader.u32();
}

/** From the QE report on. */
function certificationFacts(tee: 'sgx' | 'tdx', qeId: string, reader: ByteReader): DcapFacts | PckFacts {
  reader.skip(qeReportBytes);
  reader.skip(reader.u16());
  const type = reader.u16();
  const data = reader.bytes(reader.u32());
  if (type !== pckChainType) return Object.freeze({ tee, pck: Object.freeze({ ...readLookup(type, data), qeId }) });
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
