import { equalBytes } from '@enclos/codec';
import { fileKindOf } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { Attribute, LEGACY_XFRM, MISCSELECT_EXINFO, parseSigstruct, type SigstructFields } from '@enclos/sgx';
import { openSdkImage, type SdkEnclaveImage, type SdkProduct } from '@enclos/sgx-image';
import { measureEnclaveImage } from '@enclos/sgx-image/node';

/** True for the file of an enclave that another SDK made, and not for an image of ours. */
export function isEnclaveFile(image: Uint8Array): boolean {
  return fileKindOf(image).known === 'elf';
}

const allBits = 0xffff_ffff_ffff_ffffn;
/** What both SDKs leave to the loader: AVX and the features after it (XFRM bits 2 and 5 to 7). */
const optionalFeatures = 0xe4n;

/** Without a bound: its signer knows the file. */
function measure(image: SdkEnclaveImage): Uint8Array {
  return measureEnclaveImage(image, { maxHashedBytes: Infinity });
}

function open(file: Uint8Array): SdkEnclaveImage {
  return openSdkImage((offset, length) => file.subarray(offset, offset + length), file.length);
}

/**
 * What a signature of an enclave file states. A file that is signed keeps what its signer stated; another one states what its SDK wrote
 * into it, as the signer of that SDK would.
 * @throws ENCLAVE_FILE_INVALID and others of @enclos/sgx-image, SIGSTRUCT_INVALID
 */
export function fieldsOfEnclaveFile(file: Uint8Array, date: string): SigstructFields {
  const image = open(file);
  const stated = image.signature === undefined ? unsignedFields(image) : signedFields(image.signature);
  // Not Intel, although Intel may have signed before.
  return { ...stated, type: 0, vendor: 0, date, enclaveHash: measure(image) };
}

type Statement = Omit<SigstructFields, 'type' | 'vendor' | 'date' | 'enclaveHash'>;

function signedFields(signature: Uint8Array): Statement {
  const { modulus: _n, exponent: _e, signature: _s, q1: _1, q2: _2, ...fields } = parseSigstruct(signature);
  return fields;
}

function unsignedFields({ attributes, miscSelect, product }: SdkEnclaveImage): Statement {
  const { flags, ...stated } = product === undefined ? withoutProduct : statedBy(product);
  return {
    swDefined: 0,
    miscSelect: product === undefined ? miscSelect : 0,
    ...stated,
    attributes: { flags: attributes.flags | flags, xfrm: LEGACY_XFRM },
    // DEBUG is left open where debugging is allowed.
    attributeMask: {
      flags: (flags & Attribute.DEBUG) === 0n && product !== undefined ? allBits : allBits & ~Attribute.DEBUG,
      xfrm: allBits & ~optionalFeatures,
    },
  };
}

/** What the SDK wrote beside the signature. */
interface Product extends Pick<SigstructFields, 'isvFamilyId' | 'isvExtProdId' | 'isvProdId' | 'isvSvn' | 'miscMask'> {
  /** DEBUG, when debugging is allowed. */
  readonly flags: bigint;
}

const noId = new Uint8Array(16);
/** Intel's SDK writes no product before the signature: debugging is open, as its signer leaves it. */
const withoutProduct: Product = {
  flags: 0n,
  isvFamilyId: noId,
  isvExtProdId: noId,
  isvProdId: 0,
  isvSvn: 0,
  miscMask: 0xffff_ffff,
};

function statedBy(product: SdkProduct): Product {
  const hasIds = (product.flags & Attribute.KSS) !== 0n;
  return {
    flags: product.flags & Attribute.DEBUG,
    isvFamilyId: hasIds ? product.familyId : noId,
    isvExtProdId: hasIds ? product.extendedProductId : noId,
    isvProdId: product.productId,
    isvSvn: product.securityVersion,
    miscMask: product.exceptionInformation ? (0xffff_ffff & ~MISCSELECT_EXINFO) >>> 0 : 0xffff_ffff,
  };
}

/**
 * A copy of an enclave file with a signature in it, at each place where its SDK has one.
 *
 * @param sigstruct 1808 bytes.
 * @throws ENCLAVE_FILE_INVALID when the signature is of another enclave, or a part of the measured pages
 */
export function withSignature(file: Uint8Array, sigstruct: Uint8Array): Uint8Array {
  const signed = file.slice();
  for (const { signatureOffset } of open(file).metadata) signed.set(sigstruct, signatureOffset);
  if (!equalBytes(measure(open(signed)), parseSigstruct(sigstruct).enclaveHash)) {
    throw new EnclosError('ENCLAVE_FILE_INVALID', 'The signature is not one of the pages of this file.');
  }
  return signed;
}
