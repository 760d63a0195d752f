import { isEnclosError } from '@enclos/errors';
import { findPemBlocks } from '@enclos/codec/pem';
import { parseJson } from '@enclos/codec/json';
import { INTEL_SGX_ROOT, softwareRoot, type TrustedRoot } from '@enclos/attestation';

const chainFields = ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'] as const;
/** A chain has three. */
const mostCertificates = 16;
/** Intel's collateral is under 40 KiB. */
const maximumTextLength = 4_194_304;

/**
 * The root with this fingerprint. The fingerprint is the trust; the collateral, wherever it comes from, only supplies the key that
 * has it.
 * @param fingerprint hex of SHA-256 of the SubjectPublicKeyInfo, as policies list it.
 * @param collateral an object of the shape `QuoteCollateral`, or the JSON text of one.
 * @returns undefined when no self-signed certificate in its chains has the fingerprint.
 * @throws a CODEC error for text that is not strict JSON.
 */
export async function rootInCollateral(fingerprint: string, collateral: unknown): Promise<TrustedRoot | undefined> {
  const wanted = fingerprint.toLowerCase();
  if (wanted === INTEL_SGX_ROOT.fingerprint) return INTEL_SGX_ROOT;
  const json = typeof collateral === 'string' ? parseJson(collateral, maximumTextLength) : collateral;
  // The roots are mostly the same in all three.
  for (const chain of new Set(chainsOf(json))) {
    for (const { bytes } of findPemBlocks(chain, mostCertificates)) {
      const root = await rootOrNone(bytes);
      if (root?.fingerprint === wanted) return root;
    }
  }
  return undefined;
}

function chainsOf(json: unknown): readonly string[] {
  if (typeof json !== 'object' || json === null) return [];
  return chainFields.map((field): unknown => Reflect.get(json, field)).filter((text) => typeof text === 'string');
}

async function rootOrNone(certificate: Uint8Array): Promise<TrustedRoot | undefined> {
  try {
    return await softwareRoot(certificate);
  } catch (error) {
    // The other certificates of the chain, and Intel's root. The verifier says what is wrong with the chain.
    if (isEnclosError(error, 'VERIFIER_MISUSED')) return undefined;
    throw error;
  }
}
