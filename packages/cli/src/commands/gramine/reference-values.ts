import type { SignedImage } from '../../images/signed-image.ts';

/** The identity of an enclave on one platform. 32 bytes of hex each. */
export interface PlatformValues {
  readonly mrEnclave: string;
  readonly mrSigner: string;
}

/**
 * `NAME.reference-values.json` (RFC 9334, "reference values"): one enclave, and what identifies it on each platform. It is
 * not signed; it is as good as the place that you have it from.
 */
export interface ReferenceValues {
  readonly version: 1;
  readonly name: string;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
  readonly platforms: {
    readonly software: PlatformValues;
    /** Null until `gramine-sgx-sign` has signed the manifest: its tool alone can say what MRENCLAVE is there. */
    readonly gramine: (PlatformValues & { readonly manifestSha256: string }) | null;
  };
}

export function referenceValuesOf(
  { manifest, identity }: SignedImage,
  gramine: ReferenceValues['platforms']['gramine'],
): ReferenceValues {
  const { name, productId, securityVersion, debug } = manifest;
  const { mrEnclave, mrSigner } = identity;
  const platforms = Object.freeze({ software: Object.freeze({ mrEnclave, mrSigner }), gramine });
  return Object.freeze({ version: 1, name, productId, securityVersion, debug, platforms });
}

/** The same values give the same bytes. */
export function encodeReferenceValues(values: ReferenceValues): string {
  return `${JSON.stringify(values, null, 2)}\n`;
}
