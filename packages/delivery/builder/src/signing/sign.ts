import type { KeyObject } from 'node:crypto';

import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readImage, type EnclaveManifest } from '@enclos/manifest';
import { Attribute, LEGACY_XFRM, type SigstructFields } from '@enclos/sgx';
import { loadSigningKey, measureImage, signSigstruct } from '@enclos/sgx/node';

import { fieldsOfEnclaveFile, isEnclaveFile } from './enclave-file.ts';
import type { SigningAttributes } from '../project/project.ts';

export interface SignOptions {
  /** The image to sign, in the strict profile; or the enclave file of another SDK, which is signed or ready to be signed. */
  readonly image: Uint8Array;
  /** An RSA-3072 private key with exponent 3: a key object, or unencrypted PEM. */
  readonly key: KeyObject | string | Uint8Array;
  /** When the signature is made; its UTC date goes into SIGSTRUCT. */
  readonly date: Date;
  /** The environment variable SOURCE_DATE_EPOCH. When set it replaces `date`, so that a build can be repeated. */
  readonly sourceDateEpoch?: string | undefined;
  /** From `attributes` of enclave.json. Without it, no KSS. */
  readonly attributes?: SigningAttributes;
}

const allBits = 0xffff_ffff_ffff_ffffn;
const endOfCalendar = Date.UTC(10_000, 0, 1);

function dateInvalid(message: string): never {
  throw new EnclosError('BUILD_DATE_INVALID', message);
}

/**
 * The date of a signature as SIGSTRUCT holds it, `yyyymmdd` in UTC.
 *
 * @param sourceDateEpoch seconds since 1970 (reproducible-builds.org), which take the place of `date`.
 * @throws BUILD_DATE_INVALID
 */
export function signingDate(date: Date, sourceDateEpoch?: string): string {
  let milliseconds = date.getTime();
  if (sourceDateEpoch !== undefined && sourceDateEpoch !== '') {
    if (!/^\d{1,12}$/.test(sourceDateEpoch)) dateInvalid('SOURCE_DATE_EPOCH is not a whole number of seconds.');
    milliseconds = Number(sourceDateEpoch) * 1000;
  }
  if (!(milliseconds >= 0 && milliseconds < endOfCalendar)) dateInvalid('The signing date is out of range.');
  return new Date(milliseconds).toISOString().slice(0, 10).replaceAll('-', '');
}

function identifier(hex: string | undefined): Uint8Array {
  return hex === undefined ? new Uint8Array(16) : fromHex(hex);
}

/**
 * The mask covers every attribute, DEBUG before all: a production signature
 * starts no debug enclave and a debug signature no production one (SDM vol. 3D,
 * EINIT: SECS.ATTRIBUTES & MASK must equal SIGSTRUCT.ATTRIBUTES & MASK).
 */
function fieldsFor(
  manifest: EnclaveManifest,
  mrEnclave: Uint8Array,
  date: string,
  kss: SigningAttributes,
): SigstructFields {
  const flags = Attribute.MODE64BIT | (manifest.debug ? Attribute.DEBUG : 0n) | (kss.kss ? Attribute.KSS : 0n);
  return {
    // Also of a debug enclave: EINIT compares HEADER, of which TYPE is a part, with one constant (SDM vol. 3D, EINIT).
    type: 0,
    vendor: 0,
    date,
    swDefined: 0,
    miscSelect: 0,
    miscMask: 0xffff_ffff,
    isvFamilyId: identifier(kss.familyId),
    attributes: { flags, xfrm: LEGACY_XFRM },
    attributeMask: { flags: allBits, xfrm: allBits },
    enclaveHash: mrEnclave,
    isvExtProdId: identifier(kss.extendedProductId),
    isvProdId: manifest.productId,
    isvSvn: manifest.securityVersion,
  };
}

/**
 * Signs an image: product, version and debug come from its measured manifest, or from what the SDK and the last signer of an enclave
 * file wrote into it. The same image, key and date give the same bytes.
 *
 * @returns SIGSTRUCT, 1808 bytes; `withSignature` puts it into an enclave file.
 * @throws SIGNING_KEY_INVALID, BUILD_DATE_INVALID, IMAGE_INVALID, MANIFEST_INVALID or SGXS_INVALID; for an enclave file also
 * ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_INVALID, ENCLAVE_FILE_NOT_SIGNED and ENCLAVE_FILE_ZERO_BASE.
 */
export function signEnclave(options: SignOptions): Uint8Array {
  const fields = signatureFields(options);
  return signSigstruct(fields, isKeyObject(options.key) ? options.key : loadSigningKey(options.key));
}

/** The facts of an image that a signature states. */
export function signatureFields(options: Omit<SignOptions, 'key'>): SigstructFields {
  if (isEnclaveFile(options.image)) {
    return fieldsOfEnclaveFile(options.image, signingDate(options.date, options.sourceDateEpoch));
  }
  const { manifest } = readImage(options.image);
  const { attributes = { kss: false } } = options;
  if (!attributes.kss && (attributes.familyId ?? attributes.extendedProductId) !== undefined) {
    throw new EnclosError('BUILD_MANIFEST_INVALID', 'A family id or extended product id needs KSS.');
  }
  const date = signingDate(options.date, options.sourceDateEpoch);
  return fieldsFor(manifest, measureImage(options.image), date, attributes);
}

function isKeyObject(key: SignOptions['key']): key is KeyObject {
  return typeof key === 'object' && 'asymmetricKeyType' in key;
}
