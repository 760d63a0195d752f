import { equalBytes, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readImage, type EnclaveManifest } from '@enclos/manifest';
import { Attribute, mrSignerOf, parseSigstruct, verifySigstruct, type Sigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';

/** The identity of an enclave, as its signature states it. */
export interface SignedIdentity {
  /** 32 bytes of hex each. */
  readonly mrEnclave: string;
  readonly mrSigner: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  /** Whether the signature lets the host choose between debug and production, as signers of other SDKs do. */
  readonly modeIsOpen: boolean;
  /** `yyyymmdd`. */
  readonly date: string;
}

/** What a signature says. */
export function describeSignature(signature: Uint8Array): SignedIdentity {
  const fields = parseSigstruct(signature);
  return Object.freeze({
    mrEnclave: toHex(fields.enclaveHash),
    mrSigner: toHex(mrSignerOf(fields.modulus, sha256)),
    productId: fields.isvProdId,
    securityVersion: fields.isvSvn,
    debug: (fields.attributes.flags & Attribute.DEBUG) !== 0n,
    modeIsOpen: isModeOpen(fields),
    date: fields.date,
  });
}

function isModeOpen({ attributeMask }: Pick<Sigstruct, 'attributeMask'>): boolean {
  return (attributeMask.flags & Attribute.DEBUG) === 0n;
}

/**
 * How a signature differs from the measured manifest, as a sentence; undefined when they agree on mode, product
 * and security version. A signature that leaves the mode open also differs: the host of a production enclave could
 * then choose whether its memory can be read.
 */
export function signatureDifference(signature: Sigstruct, manifest: EnclaveManifest): string | undefined {
  const { attributes, attributeMask, isvProdId, isvSvn } = signature;
  const debug = (attributes.flags & Attribute.DEBUG) !== 0n;
  if (debug !== manifest.debug) {
    const mode = (value: boolean): string => (value ? 'a debug enclave' : 'a production enclave');
    return `It is of ${mode(debug)}, and the image is ${mode(manifest.debug)}.`;
  }
  if (isModeOpen({ attributeMask })) {
    return 'It lets the host of the enclave choose between debug and production.';
  }
  if (isvProdId !== manifest.productId) {
    return `It is of product ${isvProdId}, and the image is of product ${manifest.productId}.`;
  }
  if (isvSvn !== manifest.securityVersion) {
    return `It is of security version ${isvSvn}, and the image of ${manifest.securityVersion}.`;
  }
  return undefined;
}

export interface SignedEnclave {
  readonly manifest: EnclaveManifest;
  readonly identity: SignedIdentity;
  /** {@link signatureDifference} of the two. */
  readonly difference: string | undefined;
}

/**
 * Measures an image in the strict profile, verifies its signature, and holds one to the other.
 * @throws LAUNCH_MEASUREMENT_MISMATCH, and what the readers of images and signatures throw.
 */
export function readSignedEnclave(image: Uint8Array, signature: Uint8Array): SignedEnclave {
  const { manifest } = readImage(image);
  const sigstruct = verifySigstruct(signature, sha256);
  // The SHA-256 of an image in the strict profile is its MRENCLAVE.
  if (!equalBytes(sigstruct.enclaveHash, sha256(image))) throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH');
  return Object.freeze({
    manifest,
    identity: describeSignature(signature),
    difference: signatureDifference(sigstruct, manifest),
  });
}
