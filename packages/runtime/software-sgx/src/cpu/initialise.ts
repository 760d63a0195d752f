import { equalBytes, isZero } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { Attribute, mrSignerOf, verifySigstruct, type Attributes, type Sigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import type { Construction, EnclaveIdentity } from './enclave.ts';

/** The SECS before EINIT, with the finished measurement. */
export type UninitialisedSecs = Pick<Construction, 'attributes' | 'miscSelect' | 'configId' | 'configSvn'> & {
  readonly mrEnclave: Uint8Array;
};

export interface InitialiseOptions {
  /** MRSIGNERs whose enclaves may have PROVISIONKEY: that of the platform's own quoting enclave, and what its operator added. */
  readonly provisionSigners: readonly Uint8Array[];
}

/**
 * EINIT (SDM vol. 3D, EINIT): accepts the enclave as the one that SIGSTRUCT
 * describes, or refuses it.
 *
 * @throws SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE, LAUNCH_MEASUREMENT_MISMATCH, LAUNCH_DEBUG_REFUSED, LAUNCH_ATTRIBUTES_REFUSED
 */
export function initialise(
  secs: UninitialisedSecs,
  sigstructBytes: Uint8Array,
  options: InitialiseOptions,
): EnclaveIdentity {
  const sigstruct = verifySigstruct(sigstructBytes, sha256);
  requireHeader(sigstruct);
  const mrSigner = mrSignerOf(sigstruct.modulus, sha256);
  if (!equalBytes(sigstruct.enclaveHash, secs.mrEnclave)) throw new EnclosError('LAUNCH_MEASUREMENT_MISMATCH');
  requireAttributes(secs.attributes, sigstruct);
  requireMisc(secs.miscSelect, sigstruct);
  requireKss(secs.attributes, sigstruct);
  requirePrivileges(secs.attributes, mrSigner, options);
  return Object.freeze({
    mrEnclave: secs.mrEnclave,
    mrSigner,
    isvProdId: sigstruct.isvProdId,
    isvSvn: sigstruct.isvSvn,
    attributes: Object.freeze({ ...secs.attributes, flags: secs.attributes.flags | Attribute.INIT }),
    miscSelect: secs.miscSelect,
    configId: secs.configId,
    configSvn: secs.configSvn,
    isvFamilyId: sigstruct.isvFamilyId,
    isvExtProdId: sigstruct.isvExtProdId,
  });
}

/**
 * EINIT compares all 16 bytes of SIGSTRUCT.HEADER, and its last four are the field that older tools call TYPE: every processor
 * refuses 80000000H there, for a debug signature (SDM vol. 3D, SIGSTRUCT and EINIT). Readers are more lenient.
 */
function requireHeader({ type }: Sigstruct): void {
  if (type !== 0) throw new EnclosError('SIGSTRUCT_INVALID', 'SIGSTRUCT: EINIT takes TYPE 0 only.');
}

/** (attributes & mask) == (signed attributes & mask). INIT is not set yet, so a signature that asks for it never matches. */
function requireAttributes(actual: Attributes, { attributes: signed, attributeMask: mask }: Sigstruct): void {
  const flags = (actual.flags ^ signed.flags) & mask.flags;
  if ((flags & Attribute.DEBUG) !== 0n) throw new EnclosError('LAUNCH_DEBUG_REFUSED');
  if (flags !== 0n) {
    throw refused('attributes', `The signature does not permit these ATTRIBUTES (bits 0x${flags.toString(16)}).`);
  }
  if (((actual.xfrm ^ signed.xfrm) & mask.xfrm) !== 0n) {
    throw refused('xfrm', 'The signature does not permit this XFRM.');
  }
}

function requireMisc(actual: number, { miscSelect, miscMask }: Sigstruct): void {
  if (((actual ^ miscSelect) & miscMask) !== 0) {
    throw refused('miscSelect', 'The signature does not permit this MISCSELECT.');
  }
}

/** ISVFAMILYID and ISVEXTPRODID mean nothing without KSS, so they must be zero. */
function requireKss({ flags }: Attributes, { isvFamilyId, isvExtProdId }: Sigstruct): void {
  if ((flags & Attribute.KSS) !== 0n || (isZero(isvFamilyId) && isZero(isvExtProdId))) return;
  throw refused('kss', 'ISVFAMILYID and ISVEXTPRODID need the KSS attribute.');
}

/** Stands in for launch control: decides which enclaves may have the attributes that open platform keys. */
function requirePrivileges({ flags }: Attributes, mrSigner: Uint8Array, { provisionSigners }: InitialiseOptions): void {
  if ((flags & Attribute.EINITTOKENKEY) !== 0n) throw refused('einitTokenKey', 'No enclave may have EINITTOKENKEY.');
  if ((flags & Attribute.PROVISIONKEY) === 0n) return;
  if (!provisionSigners.some((signer) => equalBytes(signer, mrSigner))) {
    throw refused(
      'provisionKey',
      'Only the quoting enclave of the platform, and enclaves of signers that its operator named (`--provision-signer` of `enclos platform serve`), may have PROVISIONKEY.',
    );
  }
}

function refused(rule: string, message: string): EnclosError {
  return new EnclosError('LAUNCH_ATTRIBUTES_REFUSED', message, { details: { rule } });
}
