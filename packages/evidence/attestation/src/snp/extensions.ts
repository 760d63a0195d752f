import type { Extensions } from '@enclos/codec/x509';
import { DerReader, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { hardwareIdBytes, productOfName, type SnpProduct, type SnpTcb } from './product.ts';
import type { SnpSigningKey } from './report.ts';

const amd = '1.3.6.1.4.1.3704.1';
const tcbIds = Object.freeze({
  bootloader: `${amd}.3.1`,
  tee: `${amd}.3.2`,
  snp: `${amd}.3.3`,
  microcode: `${amd}.3.8`,
  fmc: `${amd}.3.9`,
});

/** What AMD's extensions say about the key that signs reports. */
export type EndorsedKey = {
  readonly productName: string;
  readonly product: SnpProduct;
  readonly tcb: SnpTcb;
} & (
  | {
      readonly kind: 'VCEK';
      /** Hex: 64 bytes, 8 on Turin. It identifies one chip. */
      readonly hardwareId: string;
    }
  | {
      readonly kind: 'VLEK';
      /** The cloud service provider that the key is for. */
      readonly cspId: string;
    }
);

/**
 * Reads the extensions of a VCEK or VLEK certificate ("VCEK Certificate and
 * KDS Interface Specification", document 57230, table 8). Entries for parts of
 * the TCB that are not in use yet are there as well; they are not looked at.
 *
 * @throws a CODEC error for a missing or malformed one.
 */
export function parseAmdExtensions(extensions: Extensions, kind: SnpSigningKey): EndorsedKey {
  const reader = new AmdExtensions(extensions);
  reader.integer(`${amd}.1`);
  const productName = reader.text(`${amd}.2`, 64);
  const product = productOfName(productName);
  if (product === undefined) throw new EnclosError('CODEC_INVALID', 'A product name that is not known.');
  const tcb = Object.freeze({
    bootloader: reader.integer(tcbIds.bootloader),
    tee: reader.integer(tcbIds.tee),
    snp: reader.integer(tcbIds.snp),
    microcode: reader.integer(tcbIds.microcode),
    ...(product === 'Turin' ? { fmc: reader.integer(tcbIds.fmc) } : {}),
  });
  const common = { productName, product, tcb };
  // A key is of one chip or of one provider.
  reader.absent(kind === 'VCEK' ? `${amd}.5` : `${amd}.4`);
  return kind === 'VCEK'
    ? Object.freeze({ ...common, kind, hardwareId: reader.hardwareId(`${amd}.4`, hardwareIdBytes(product)) })
    : Object.freeze({ ...common, kind, cspId: reader.text(`${amd}.5`, 256) });
}

class AmdExtensions {
  readonly #extensions: Extensions;

  constructor(extensions: Extensions) {
    this.#extensions = extensions;
  }

  /** An INTEGER of one byte. */
  integer(id: string): number {
    return this.#read(id, (reader) => reader.integer(255));
  }

  text(id: string, maxBytes: number): string {
    return this.#read(id, (reader) => reader.text(maxBytes));
  }

  /** AMD's hardware id: an OCTET STRING, in older certificates its content without a DER type around it. */
  hardwareId(id: string, sizeBytes: number): string {
    const value = this.#get(id);
    const content = value.length === sizeBytes ? value : this.#read(id, (reader) => reader.octetString());
    if (content.length === sizeBytes) return toHex(content);
    throw new EnclosError('CODEC_INVALID', `Extension ${id} is not ${sizeBytes} bytes.`);
  }

  absent(id: string): void {
    if (this.#extensions.has(id)) throw new EnclosError('CODEC_INVALID', `Extension ${id} has no place here.`);
  }

  #read<T>(id: string, read: (reader: DerReader) => T): T {
    const reader = new DerReader(this.#get(id));
    const value = read(reader);
    reader.end();
    return value;
  }

  #get(id: string): Uint8Array {
    const value = this.#extensions.get(id);
    if (value === undefined) throw new EnclosError('CODEC_INVALID', `Extension ${id} is missing.`);
    return value;
  }
}
