import { createHash } from 'node:crypto';
import { concatBytes, equalBytes } from '@enclos/codec';
import { unexpectedEvidence } from '../report-data.ts';

/** A quote of a TPM, unverified: the verifier decides what it proves. */
export interface TpmQuote {
  /** TPMS_ATTEST. */
  readonly message: Uint8Array;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over the message, by the attestation key. */
  readonly signature: Uint8Array;
  /** PCR 0 to 23 of the SHA-256 bank, 32 bytes each. */
  readonly pcrs: readonly Uint8Array[];
}

export const PCR_COUNT = 24;
const digestBytes = 32;
const generatedValue = 0xff54_4347;
const attestQuote = 0x8018;
const algorithmSha256 = 0x000b;

class BigEndianReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw unexpectedEvidence('The TPM quote is cut off.');
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  number(sizeBytes: 1 | 2 | 4): number {
    const at = this.#at;
    this.take(sizeBytes);
    if (sizeBytes === 1) return this.#view.getUint8(at);
    return sizeBytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** TPM2B: a length in two bytes, and that many bytes. */
  sized(): Uint8Array {
    return this.take(this.number(2));
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw unexpectedEvidence('Bytes follow the TPM quote.');
  }
}

/** The fields of TPMS_ATTEST (TPM 2.0, part 2, section 10.12.12) that say what a quote is about. */
interface QuoteFacts {
  readonly qualifyingData: Uint8Array;
  readonly pcrDigest: Uint8Array;
}

/** @throws TEE_EVIDENCE_UNEXPECTED unless it is a quote of PCR 0 to 23 of the SHA-256 bank and nothing else. */
export function parseTpmQuote(message: Uint8Array): QuoteFacts {
  const reader = new BigEndianReader(message);
  if (reader.number(4) !== generatedValue) throw unexpectedEvidence('The TPM did not make what it quotes.');
  if (reader.number(2) !== attestQuote) throw unexpectedEvidence('The TPM gave something else than a quote.');
  reader.sized(); // the name of the signing key
  const qualifyingData = reader.sized();
  reader.take(17); // clock
  reader.take(8); // firmware version
  if (reader.number(4) !== 1 || reader.number(2) !== algorithmSha256) throw otherRegisters();
  const selected = reader.take(reader.number(1));
  if (!equalBytes(selected, Uint8Array.of(0xff, 0xff, 0xff))) throw otherRegisters();
  const pcrDigest = reader.sized();
  reader.end();
  return Object.freeze({ qualifyingData, pcrDigest });
}

function otherRegisters(): Error {
  return unexpectedEvidence('The TPM quoted other registers than PCR 0 to 23 of SHA-256.');
}

/**
 * @param pcrs 24 values, one after another.
 * @throws TEE_EVIDENCE_UNEXPECTED when the quote is about other data or other register values.
 */
export function checkedTpmQuote(
  parts: { readonly message: Uint8Array; readonly signature: Uint8Array; readonly pcrs: Uint8Array },
  qualifyingData: Uint8Array,
): TpmQuote {
  const { message, signature, pcrs } = parts;
  const facts = parseTpmQuote(message);
  if (!equalBytes(facts.qualifyingData, qualifyingData)) {
    throw unexpectedEvidence('The TPM quote is about other qualifying data.');
  }
  if (pcrs.length !== PCR_COUNT * digestBytes) throw unexpectedEvidence('The TPM gave other registers than it quotes.');
  const digest = new Uint8Array(createHash('sha256').update(concatBytes(pcrs)).digest());
  if (!equalBytes(digest, facts.pcrDigest)) throw unexpectedEvidence('A register changed between quote and reading.');
  if (signature.length === 0) throw unexpectedEvidence('The TPM quote has no signature.');
  const values = Array.from({ length: PCR_COUNT }, (_, i) => pcrs.slice(i * digestBytes, (i + 1) * digestBytes));
  return Object.freeze({ message, signature, pcrs: Object.freeze(values) });
}
