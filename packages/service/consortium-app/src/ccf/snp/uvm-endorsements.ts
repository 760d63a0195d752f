import { constants, createHash, verify, X509Certificate } from 'node:crypto';

import { CborReader, CborType, toBase64url } from '@enclos/codec';
import { coseSigningInput, maximumHeaderBytes, readHeader, type CoseHeader } from '@enclos/cose';

import type { UvmRoot } from '../../context.ts';

/** What endorses the measurement of a utility VM: who signed, for which line of them, and its security version. */
interface UvmEndorsement {
  readonly did: string;
  readonly feed: string;
  readonly svn: string;
}

interface Message {
  readonly header: CoseHeader;
  readonly protectedBytes: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const maxMessageBytes = 131_072;
const maxCertificates = 8;
const maxTextBytes = 1024;
const sign1Tag = 18;
/** RFC 9360 section 2. */
const x5chainLabel = 33;
/** The one form of did:x509 that the roots have: the digest of an authority, and a purpose of the key. */
const didForm = /^did:x509:0:sha256:([A-Za-z0-9_-]{43})::eku:([0-9.]{3,128})$/;
const ecdsa = { dsaEncoding: 'ieee-p1363' } as const;
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
/** By their numbers in COSE (RFC 9053 section 2.1, RFC 8230 section 2). */
const algorithms: ReadonlyMap<number, { readonly type: string; readonly hash: string; readonly options: object }> =
  new Map([
    [-7, { type: 'ec', hash: 'sha256', options: ecdsa }],
    [-35, { type: 'ec', hash: 'sha384', options: ecdsa }],
    [-36, { type: 'ec', hash: 'sha512', options: ecdsa }],
    [-37, { type: 'rsa', hash: 'sha256', options: pss }],
    [-38, { type: 'rsa', hash: 'sha384', options: pss }],
    [-39, { type: 'rsa', hash: 'sha512', options: pss }],
  ]);

/** Microsoft's, for confidential containers and for confidential Kubernetes (CCF, uvm_endorsements.h). */
const microsoft = 'did:x509:0:sha256:I__iuL25oXEVFdTP_aBLx_eT1RPHbCQ_ECBQfYZpt9s::eku:1.3.6.1.4.1.311.76.59.1.';
export const defaultUvmRoots: readonly UvmRoot[] = [
  { did: `${microsoft}2`, feed: 'ContainerPlat-AMD-UVM', svn: 100 },
  { did: `${microsoft}5`, feed: 'ConfAKS-AMD-UVM', svn: 1 },
];

/**
 * Verifies a COSE_Sign1 message that endorses a measurement, as CCF does: the chain leads to the authority that the issuer names, the
 * key has its purpose, the payload is of this measurement, and one of the roots accepts issuer, feed and version. Dates are not
 * compared: endorsements outlive the certificates.
 *
 * @param measurement hex.
 * @throws Error whatever does not hold.
 */
export function verifyUvmEndorsement(
  bytes: Uint8Array,
  measurement: string,
  roots: readonly UvmRoot[],
): UvmEndorsement {
  const message = readMessage(bytes);
  const { header } = message;
  const did = textIn(header, 'iss');
  const feed = textIn(header, 'feed');
  verifySignature(message, keyHolder(header, did));
  if (textIn(header, 3) !== 'application/json') throw new Error('The payload of the UVM endorsements is not JSON.');
  const svn = versionIn(message.payload, measurement);
  const isTrusted = roots.some((root) => root.did === did && root.feed === feed && root.svn <= Number(svn));
  if (isTrusted) return { did, feed, svn };
  throw new Error(
    `UVM endorsements did ${did}, feed ${feed}, svn ${svn} do not match any of the known UVM roots of trust`,
  );
}

function readMessage(bytes: Uint8Array): Message {
  if (bytes.length > maxMessageBytes) throw new Error(`The UVM endorsements have more than ${maxMessageBytes} bytes.`);
  const reader = new CborReader(bytes);
  if (reader.tag() !== sign1Tag || reader.array(4) !== 4) throw new Error('The UVM endorsements are not a COSE_Sign1.');
  const protectedBytes = reader.byteString(maximumHeaderBytes);
  const inside = new CborReader(protectedBytes);
  const header = readHeader(inside);
  inside.end();
  readHeader(reader);
  const payload = reader.byteString(bytes.length);
  const signature = reader.byteString(bytes.length);
  reader.end();
  return { header, protectedBytes, payload, signature };
}

function valueIn(header: CoseHeader, label: number | string): CborReader {
  const value = header.get(label);
  if (value === undefined) throw new Error(`The UVM endorsements lack the header ${label}.`);
  return new CborReader(value);
}

function textIn(header: CoseHeader, label: number | string): string {
  return valueIn(header, label).text(maxTextBytes);
}

/** The certificate of the key that signed, once its chain holds. */
function keyHolder(header: CoseHeader, did: string): X509Certificate {
  const [, fingerprint, purpose = ''] = didForm.exec(did) ?? [];
  if (fingerprint === undefined) throw new Error(`The issuer ${did} of the UVM endorsements is of no known form.`);
  const [leaf, ...authorities] = chainIn(header);
  if (leaf === undefined || authorities.length === 0) throw new Error('The UVM endorsements have no chain.');
  let issued = leaf;
  for (const issuer of authorities) {
    if (!issuer.ca || !issued.checkIssued(issuer) || !issued.verify(issuer.publicKey)) {
      throw new Error('The chain of the UVM endorsements does not hold.');
    }
    issued = issuer;
  }
  const digests = authorities.map(({ raw }) => toBase64url(createHash('sha256').update(raw).digest()));
  if (!digests.includes(fingerprint)) throw new Error('The chain of the UVM endorsements is not that of their issuer.');
  // Node lists the extended purposes under this name.
  if (!(leaf.keyUsage ?? []).includes(purpose)) throw new Error('The key of the UVM endorsements has another purpose.');
  return leaf;
}

function chainIn(header: CoseHeader): readonly X509Certificate[] {
  const reader = valueIn(header, x5chainLabel);
  const count = reader.peek() === CborType.ARRAY ? reader.array(maxCertificates) : 1;
  return Array.from({ length: count }, () => new X509Certificate(reader.byteString(maximumHeaderBytes)));
}

function verifySignature(message: Message, { publicKey }: X509Certificate): void {
  const algorithm = algorithms.get(valueIn(message.header, 1).integer());
  if (algorithm === undefined || publicKey.asymmetricKeyType !== algorithm.type) {
    throw new Error('The signature algorithm of the UVM endorsements is not one of expected: RSA, ECDSA');
  }
  const key = { key: publicKey, ...algorithm.options };
  if (!verify(algorithm.hash, coseSigningInput(message), key, message.signature)) {
    throw new Error('Signature verification failed');
  }
}

function versionIn(payload: Uint8Array, measurement: string): string {
  const parsed = JSON.parse(Buffer.from(payload).toString('utf8')) as Readonly<Record<string, unknown>>;
  const endorsed = String(parsed['x-ms-sevsnpvm-launchmeasurement']);
  if (endorsed !== measurement) {
    throw new Error(
      `Launch measurement in UVM endorsements payload ${endorsed} is not equal to UVM attestation measurement ${measurement}`,
    );
  }
  const svn = String(parsed['x-ms-sevsnpvm-guestsvn']);
  if (!/^[0-9]{1,9}$/.test(svn)) throw new Error('The UVM endorsements have no security version.');
  return svn;
}
