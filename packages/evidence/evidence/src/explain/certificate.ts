import { describeName, readRevocationListShape, type ExtensionShape } from '@enclos/codec/x509';
import { evidenceExtensions, isVersionNumber } from '@enclos/attestation/carriers';
import { DerReader, DerTag, toHex } from '@enclos/codec';
import { attempt } from '../recognise/attempt.ts';
import { taggedEvidence } from '../recognise/attested-certificate.ts';
import { describeCertificate, type CertificateDescription } from '../recognise/certificate.ts';
import { amdNodes, isAmdExtension } from './amd-extensions.ts';
import { validFrom, validTo } from './dates.ts';
import { keyNode, knownRoot } from './fingerprints.ts';
import { group, node, type ExplainNode } from './nodes.ts';
import { sgxNodes } from './sgx-extension.ts';

/** What certificates are for in the public-key infrastructures of vendors, by a part of their common name. */
const roles: readonly (readonly [part: string, role: string])[] = [
  ['Intel SGX PCK Platform CA', 'CA of PCK certificates, for platforms with several processors'],
  ['Intel SGX PCK Processor CA', 'CA of PCK certificates, for single processors'],
  ['Intel SGX PCK Certificate', 'PCK: certifies the quoting enclave of one machine at one TCB'],
  ['Intel SGX TCB Signing', 'signs TCB info and identities'],
  ['SEV-VCEK', 'VCEK: signs the reports of one chip at one TCB'],
  ['SEV-VLEK', 'VLEK: signs the reports of one provider at one TCB'],
  ['SEV-', 'intermediate of AMD for one product'],
];

/** Any root can carry the name of a vendor: its key says whose it is. */
function rootRole(shape: CertificateDescription): string | undefined {
  if (shape.subject !== shape.issuer) return undefined;
  const known = knownRoot(shape.publicKeyInfo);
  if (known !== undefined) return known;
  if (roles.some(([part]) => shape.subject.includes(part))) {
    return 'issued by itself in the name of a vendor, so it is not a certificate of that vendor';
  }
  return /Intel SGX Root CA|ARK-/.test(shape.subject)
    ? 'a root in the name of a vendor, with another key than the vendor’s: a software platform, a test or a forgery'
    : undefined;
}

const extensionNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.1.1': 'authority information access',
  '2.5.29.14': 'subject key identifier',
  '2.5.29.15': 'key usage',
  '2.5.29.17': 'subject alternative name',
  '2.5.29.19': 'basic constraints',
  '2.5.29.31': 'CRL distribution points',
  '2.5.29.35': 'authority key identifier',
  '2.5.29.37': 'extended key usage',
  '2.23.133.5.4.2': 'tagged endorsements (interoperable RA-TLS)',
  '1.2.840.113741.1.13.1': "Intel's SGX extension",
  '1.3.6.1.4.1.311.105.1000.2': 'kind of the TEE of an Azure container',
};

/** A certificate as one node, or one that says that it cannot be read. */
export function certificateGroup(der: Uint8Array): ExplainNode {
  const nodes = certificateNodes(der);
  return nodes === undefined
    ? node('certificate', 'cannot be read', `${der.length} bytes`)
    : group(`certificate ${nodes.subject}`, nodes.children, nodes.role);
}

/** What a certificate says; undefined for bytes that are not one. */
export function certificateNodes(
  der: Uint8Array,
): { readonly subject: string; readonly role?: string; readonly children: readonly ExplainNode[] } | undefined {
  const shape = attempt(() => describeCertificate(der));
  if (shape === undefined) return undefined;
  const role = rootRole(shape) ?? roles.find(([part]) => shape.subject.includes(part))?.[1];
  return {
    subject: shape.subject,
    ...(role === undefined ? {} : { role }),
    children: [
      node('subject', shape.subject),
      node('issuer', shape.issuer, shape.issuer === shape.subject ? 'itself' : undefined),
      node(validFrom, shape.notBefore),
      node(validTo, shape.notAfter),
      keyNode(shape.publicKeyInfo),
      group('extensions', shape.extensions.map(extensionNode)),
    ],
  };
}

function extensionNode(extension: ExtensionShape): ExplainNode {
  const { id, critical, value } = extension;
  const name = evidenceTitle(extension) ?? extensionNames[id] ?? (isAmdExtension(id) ? "AMD's" : 'unknown');
  const note = `${critical ? 'critical, ' : ''}${value.length} bytes`;
  const children = childrenOf(extension) ?? [];
  const found = node(id, name, note);
  return children.length === 0 ? found : { ...found, children };
}

function evidenceTitle({ id, value }: ExtensionShape): string | undefined {
  const known = evidenceExtensions.find((extension) => extension.id === id);
  return known?.form === 'oe-evidence' && isVersionNumber(value)
    ? 'a version number, which Azure Attestation writes beside its quote'
    : known?.title;
}

function childrenOf({ id, value }: ExtensionShape): readonly ExplainNode[] | undefined {
  if (id === '1.2.840.113741.1.13.1') return attempt(() => sgxNodes(value));
  if (isAmdExtension(id)) return attempt(() => amdNodes(id, value));
  if (id === '2.5.29.19') return attempt(() => constraintNodes(value));
  return undefined;
}

/** The issuer and the dates of a list of revoked certificates. */
export function revocationNodes(der: Uint8Array): readonly ExplainNode[] {
  const list = attempt(() => readRevocationListShape(der));
  if (list === undefined) return [node('list', 'cannot be read', `${der.length} bytes`)];
  return [
    node('issuer', describeName(list.issuer)),
    node(validFrom, timeOf(list.thisUpdateMs)),
    node(validTo, timeOf(list.nextUpdateMs)),
  ];
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The tag and the claims of tagged evidence. */
export function taggedNodes(value: Uint8Array): readonly ExplainNode[] {
  const tagged = taggedEvidence(value);
  if (tagged === undefined) return [node('content', 'not tagged evidence in CBOR')];
  return [
    node('CBOR tag', tagged.tag, tagKinds[tagged.tag]),
    node('claims', toHex(tagged.claims), 'the report data begins with their SHA-256; they hold the hash of the key'),
  ];
}

const tagKinds: Readonly<Record<number, string>> = {
  60_000: 'a quote',
  60_001: 'a report of a TEE',
  60_002: 'a report of SGX, for the same machine',
};

function constraintNodes(value: Uint8Array): readonly ExplainNode[] {
  const sequence = new DerReader(value).sequence();
  const isAuthority = sequence.peek() === DerTag.BOOLEAN && sequence.boolean();
  return [node('authority', isAuthority ? 'yes' : 'no')];
}
