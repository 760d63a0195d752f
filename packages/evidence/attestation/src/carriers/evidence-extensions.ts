import { extensionIds, type ExtensionForm } from './extension-ids.ts';

/** A certificate extension that is known to hold evidence. */
export interface EvidenceExtension {
  /** The object identifier in dotted decimals. */
  readonly id: string;
  /** Undefined for evidence that is recognised, and whose tie to the key of the certificate is not known here. */
  readonly form: ExtensionForm | undefined;
  /** For people: `Open Enclave report`. */
  readonly title: string;
}

const titles: Readonly<Record<ExtensionForm, string>> = {
  tagged: 'tagged evidence (interoperable RA-TLS)',
  cmw: 'conceptual message wrapper (RFC 9999)',
  'gramine-legacy': 'legacy RA-TLS of Gramine',
  'oe-report': 'Open Enclave report',
  'oe-evidence': 'Open Enclave evidence',
};

const others: Readonly<Record<string, string>> = {
  '1.2.840.113741.1337.6': 'legacy RA-TLS',
  '1.3.6.1.4.1.311.105.1000.1': 'evidence of an Azure container',
  '1.3.9900.1.1': 'attestation document, dummy',
  '1.3.9900.2.1': 'attestation document, AWS Nitro TPM',
  '1.3.9900.2.2': 'attestation document, SEV-SNP of AWS',
  '1.3.9900.3.1': 'attestation document, SEV-ES of Google Cloud',
  '1.3.9900.3.2': 'attestation document, SEV-SNP of Google Cloud',
  '1.3.9900.4.1': 'attestation document, SEV-SNP of Azure',
  '1.3.9900.4.2': 'attestation document, trusted launch of Azure',
  '1.3.9900.4.3': 'attestation document, TDX of Azure',
  '1.3.9900.5.1': 'attestation document, vTPM of QEMU',
  '1.3.9900.5.99': 'attestation document, TDX of QEMU',
};

const forms: readonly ExtensionForm[] = ['tagged', 'cmw', 'gramine-legacy', 'oe-report', 'oe-evidence'];

/**
 * Every extension in which certificates are known to carry evidence. The order
 * is that of preference where a certificate has several.
 */
export const evidenceExtensions: readonly EvidenceExtension[] = Object.freeze([
  ...forms.flatMap((form) =>
    extensionIds[form].map((id, index) => {
      return Object.freeze({ id, form, title: index === 0 ? titles[form] : `${titles[form]}, old identifier` });
    }),
  ),
  ...Object.entries(others).map(([id, title]) => Object.freeze({ id, form: undefined, title })),
]);
