import type { CertificateShape } from '@enclos/codec/x509';

/**
 * The object identifiers of the extensions from which evidence is read, in the
 * order of preference where a certificate has several.
 */
export const extensionIds = Object.freeze({
  /** Interoperable RA-TLS. */
  tagged: ['2.23.133.5.4.9'],
  /** RFC 9999. */
  cmw: ['1.3.6.1.5.5.7.1.35'],
  // Gramine put the DER of an identifier where its content belongs, so that it reads with 0.6.9 before it.
  'gramine-legacy': ['0.6.9.42.840.113741.1337.6'],
  /** The second one is in the signing certificates of Azure Attestation. */
  'oe-report': ['1.3.6.1.4.1.311.105.1', '1.2.840.113556.10.1.1'],
  'oe-evidence': ['1.3.6.1.4.1.311.105.2', '1.2.840.113556.10.1.2'],
} as const);

/** How an extension holds evidence. */
export type ExtensionForm = keyof typeof extensionIds;

/** The values of the extensions of one form, in the order of preference. */
export function valuesOfForm(
  { extensions }: Pick<CertificateShape, 'extensions'>,
  form: ExtensionForm,
): readonly Uint8Array[] {
  return extensionIds[form].flatMap((id) => extensions.get(id)?.value ?? []);
}
