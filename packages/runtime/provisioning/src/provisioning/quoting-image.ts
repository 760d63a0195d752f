import type { KeyObject } from 'node:crypto';
import { equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { Attribute, LEGACY_XFRM, PageFlags, PAGE_SIZE, verifySigstruct, writeSgxs, type Sigstruct } from '@enclos/sgx';
import { sha256, signSigstruct } from '@enclos/sgx/node';

/** ISVPRODID of the quoting enclave, as in Intel's QE identity. */
export const quotingProductId = 1;
/**
 * ISVSVN that a new vendor signs. An existing vendor keeps the quoting enclave that it signed, and its QE identity states the
 * version of that enclave.
 */
const quotingSecurityVersion = 1;
/** What the QE identity document asks for: an initialised production enclave with PROVISIONKEY. */
export const quotingAttributes = Attribute.INIT | Attribute.PROVISIONKEY;

const description = 'Enclos software quoting enclave 1: DCAP quote version 3, ECDSA P-256\n';
const allBits = 0xffff_ffff_ffff_ffffn;

/**
 * The image of the quoting enclave. The code that quotes is part of the
 * platform process, which is trusted anyway; the image gives that code its own identity on the CPU, so that no other enclave
 * gets its keys.
 */
export function quotingEnclaveImage(): Uint8Array {
  const content = new Uint8Array(PAGE_SIZE);
  content.set(utf8(description));
  const page = { offset: 0n, flags: PageFlags.REG | PageFlags.R, content };
  return writeSgxs({ ssaFrameSize: 1, sizeBytes: BigInt(2 * PAGE_SIZE), pages: [page] });
}

/** SIGSTRUCT of the quoting enclave: it requires PROVISIONKEY, fixes all other attributes, and never permits debug. */
export function signQuotingEnclave(key: KeyObject, now: Date): Uint8Array {
  const fields = {
    type: 0,
    vendor: 0,
    date: now.toISOString().slice(0, 10).replaceAll('-', ''),
    swDefined: 0,
    miscSelect: 0,
    miscMask: 0xffff_ffff,
    isvFamilyId: new Uint8Array(16),
    attributes: { flags: Attribute.MODE64BIT | Attribute.PROVISIONKEY, xfrm: LEGACY_XFRM },
    attributeMask: { flags: allBits, xfrm: allBits },
    enclaveHash: sha256(quotingEnclaveImage()),
    isvExtProdId: new Uint8Array(16),
    isvProdId: quotingProductId,
    isvSvn: quotingSecurityVersion,
  };
  return signSigstruct(fields, key);
}

/** @throws LAUNCH_MEASUREMENT_MISMATCH, SIGSTRUCT_INVALID or SIGSTRUCT_SIGNATURE unless the signature is for this image. */
export function requireSigned(image: Uint8Array, sigstruct: Uint8Array): Sigstruct {
  const signed = verifySigstruct(sigstruct, sha256);
  if (!equalBytes(signed.enclaveHash, sha256(image))) throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH');
  return signed;
}
