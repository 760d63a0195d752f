import { viewOf } from '@enclos/codec';
import { readExactly, type ElfSection, type ReadAt } from '@enclos/elf';
import { Attribute } from '@enclos/sgx';

import type { SdkProduct } from '../image.ts';
import { refuse } from '../refusals.ts';
import { SIGSTRUCT_BYTES, signatureIn } from '../signature.ts';

/** oe_sgx_enclave_properties_t (Open Enclave, include/openenclave/bits/sgx/sgxproperties.h). */
export interface Properties {
  /** Bytes: it tells the versions of the SDK apart. */
  readonly sizeBytes: number;
  readonly heapPages: bigint;
  readonly stackPages: bigint;
  readonly threads: bigint;
  readonly product: SdkProduct;
  readonly xfrm: bigint;
  readonly zeroBase: boolean;
  /** From the start of the properties: what the loader fills, six u64. */
  readonly imageInformationAt: number;
  readonly signatureAt: number;
  readonly signature: Uint8Array | undefined;
}

export const openEnclaveSection = '.oeinfo';
/** Up to 0.12, up to 0.17.0, and later: the configuration grew. */
export const propertiesSizes = { v12: 1920, v17: 1952, latest: 1960 } as const;
const imageInformationBytes = 48;

const maxSectionBytes = 1024 * 1024;
const headerBytes = 32;
const endMarkerBytes = 8;
/** OE_ENCLAVE_TYPE_SGX. */
const sgxType = 2;

/** @throws ENCLAVE_FILE_INVALID, RangeError */
export function readProperties(read: ReadAt, section: ElfSection): Properties {
  const bytes = readExactly(read, section, maxSectionBytes);
  if (bytes.length < propertiesSizes.v12) refuse('the properties are cut off.');
  const view = viewOf(bytes);
  const sizeBytes = view.getUint32(0, true);
  const isKnown = Object.values(propertiesSizes).some((size) => size === sizeBytes);
  if (!isKnown || view.getUint32(4, true) !== sgxType) refuse('the properties are of a layout that is not known here.');
  if (bytes.length < sizeBytes) refuse('the properties are cut off.');
  const signatureAt = sizeBytes - endMarkerBytes - SIGSTRUCT_BYTES;
  const imageInformationAt = signatureAt - imageInformationBytes;
  const hasIds = sizeBytes !== propertiesSizes.v12;
  const flags = hasIds ? view.getUint32(36, true) : 0;
  const attributesAt = hasIds ? 72 : 40;
  return Object.freeze({
    sizeBytes,
    heapPages: view.getBigUint64(8, true),
    stackPages: view.getBigUint64(16, true),
    threads: view.getBigUint64(24, true),
    product: Object.freeze({
      productId: view.getUint16(headerBytes, true),
      securityVersion: view.getUint16(headerBytes + 2, true),
      familyId: hasIds ? bytes.slice(40, 56) : new Uint8Array(16),
      extendedProductId: hasIds ? bytes.slice(56, 72) : new Uint8Array(16),
      flags: view.getBigUint64(attributesAt, true),
      exceptionInformation: (flags & 1) !== 0,
    }),
    xfrm: view.getBigUint64(attributesAt + 8, true),
    zeroBase: (flags & 2) !== 0,
    imageInformationAt,
    signatureAt,
    signature: signatureIn(bytes, signatureAt),
  });
}

/** DEBUG of the properties allows debugging; whether it is on is decided at launch. */
export function wantedFlags({ product }: Properties): bigint {
  return product.flags & ~Attribute.DEBUG;
}
