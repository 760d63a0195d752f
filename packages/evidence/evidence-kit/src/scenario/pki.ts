import { issueCertificate, type CertificateSpec } from '../pki/certificate.ts';
import { authorityKeyIdentifier, crlNumber, standardExtensions } from '../pki/extensions.ts';
import { processKeys, type KeyRing } from '../pki/keys.ts';
import { CommonName } from '../pki/name.ts';
import { issueRevocationList, type RevocationListSpec } from '../pki/revocation-list.ts';
import { sgxExtension, type PckIdentity } from '../pki/sgx-extension.ts';
import { same, type ListChanges, type Role, type ScenarioChanges } from './changes.ts';
import { documentDates } from './levels.ts';

const roles: readonly Role[] = ['root', 'intermediate', 'pck', 'tcbSigner', 'identitySigner'];

/** The certificates of a scenario in DER, and the chains that they make, leaf first. */
export interface ScenarioPki {
  readonly certificates: Readonly<Record<Role, Uint8Array>>;
  /** The root before any change. */
  readonly goodRoot: Uint8Array;
  readonly pckChain: readonly Uint8Array[];
  readonly tcbInfoChain: readonly Uint8Array[];
  readonly identityChain: readonly Uint8Array[];
  readonly rootCrl: Uint8Array;
  readonly pckCrl: Uint8Array;
}

export function makePki(changes: ScenarioChanges, identity: PckIdentity): ScenarioPki {
  const keys = changes.keys ?? processKeys;
  const good = Object.fromEntries(roles.map((role) => [role, goodSpec(role, changes, identity)])) as Specs;
  const issued = roles.map((role) => [role, issueCertificate(changed(good[role], changes.certificates?.[role], keys))]);
  const certificates = Object.fromEntries(issued) as Record<Role, Uint8Array>;
  const { root, intermediate, pck, tcbSigner, identitySigner } = certificates;
  return {
    certificates,
    goodRoot: changes.certificates?.root === undefined ? root : issueCertificate(good.root),
    pckChain: (changes.pckChain ?? same)([pck, intermediate, root]),
    tcbInfoChain: (changes.tcbInfoChain ?? same)([tcbSigner, root]),
    identityChain: (changes.identityChain ?? same)([identitySigner, root]),
    rootCrl: makeList('root', good, changes.rootCrl, keys),
    pckCrl: makeList('intermediate', good, changes.pckCrl, keys),
  };
}

type Specs = Readonly<Record<Role, CertificateSpec>>;

const years = {
  root: { notBefore: new Date('2018-05-21T10:50:10Z'), notAfter: new Date('2049-12-31T23:59:59Z') },
  other: { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2035-01-01T00:00:00Z') },
};

function goodSpec(role: Role, changes: ScenarioChanges, identity: PckIdentity): CertificateSpec {
  const keys = changes.keys ?? processKeys;
  const intermediateName = changes.ca === 'processor' ? CommonName.processorCa : CommonName.platformCa;
  const subject = {
    root: CommonName.root,
    intermediate: intermediateName,
    pck: CommonName.pck,
    tcbSigner: CommonName.tcbSigning,
    identitySigner: CommonName.tcbSigning,
  }[role];
  const pathLength = { root: 1, intermediate: 0, pck: undefined, tcbSigner: undefined, identitySigner: undefined }[
    role
  ];
  const issuerRole = role === 'pck' ? 'intermediate' : 'root';
  // Intel signs both documents with one certificate; the second signer is another one only when it is changed.
  const [key, issuerKey] = [keys.key(signingRole(role, changes)), keys.key(issuerRole)];
  const standard = standardExtensions({ key, issuerKey, crlUrl: `https://crl.invalid/${issuerRole}.crl`, pathLength });
  return {
    version: 3,
    serialNumber: serialNumberOf(signingRole(role, changes), keys),
    issuer: role === 'pck' ? intermediateName : CommonName.root,
    subject,
    ...(role === 'root' ? years.root : years.other),
    key,
    issuerKey,
    extensions: role === 'pck' ? [...standard, sgxExtension(identity, changes.sgxExtension)] : standard,
  };
}

/** Whose key and serial number a certificate has. */
export function signingRole(role: Role, changes: ScenarioChanges): Role {
  const { certificates } = changes;
  const isOneSigner = certificates?.tcbSigner === undefined && certificates?.identitySigner === undefined;
  return role === 'identitySigner' && isOneSigner ? 'tcbSigner' : role;
}

/** 16 bytes that begin with 40 to 7f: positive, minimal, never zero. */
function serialNumberOf(role: Role, keys: KeyRing): Uint8Array {
  return keys.bytes(`serial ${role}`, 16).map((byte, index) => (index === 0 ? (byte & 0x3f) | 0x40 : byte));
}

function changed(
  good: CertificateSpec,
  changes: NonNullable<ScenarioChanges['certificates']>[Role],
  keys: KeyRing,
): CertificateSpec {
  const { key, curve, signedBy, extensions, ...fields } = changes ?? {};
  return {
    ...good,
    ...(key === undefined && curve === undefined ? {} : { key: keys.key(key ?? good.key.name, curve) }),
    ...(signedBy === undefined ? {} : { issuerKey: keys.key(signedBy) }),
    extensions: (extensions ?? same)(good.extensions),
    ...fields,
  };
}

function makeList(
  role: 'root' | 'intermediate',
  specs: Specs,
  changes: ListChanges | undefined,
  keys: KeyRing,
): Uint8Array {
  const { signedBy, extensions, revokes = [], ...fields } = changes ?? {};
  const at = new Date('2025-11-01T00:00:00Z');
  const issuerKey = keys.key(role);
  const good: RevocationListSpec = {
    version: 2,
    issuer: specs[role].subject,
    issuerKey,
    thisUpdate: new Date(documentDates.issueDate),
    nextUpdate: new Date(documentDates.nextUpdate),
    // Two serial numbers that no certificate has.
    revoked: ['a', 'b'].map((name) => ({ serialNumber: keys.bytes(`revoked ${name}`, 16), at, reason: 1 })),
    extensions: [crlNumber(1), authorityKeyIdentifier(issuerKey)],
  };
  return issueRevocationList({
    ...good,
    revoked: [...good.revoked, ...revokes.map((revoked) => ({ serialNumber: specs[revoked].serialNumber, at }))],
    ...fields,
    extensions: (extensions ?? same)(good.extensions),
    ...(signedBy === undefined ? {} : { issuerKey: keys.key(signedBy) }),
  });
}
