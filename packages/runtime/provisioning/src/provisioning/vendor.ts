import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseCollateral } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { mrSignerOf } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { collateralFor } from './collateral.ts';
import { requireSigned } from './quoting-image.ts';
import { addDocuments, documentNames, readNewestDocuments } from './document-store.ts';
import {
  digestState,
  documentLifetimeMs,
  issueDocuments,
  parseDocuments,
  serializeDocuments,
  type DocumentState,
  type Revocation,
  type SignedDocuments,
  type Signers,
} from './documents.ts';
import { createFolder, readAll, readBytes, readText } from './folder.ts';
import { instant, parseFile, shortHex } from './json.ts';
import { rootFingerprintOf } from './root.ts';
import type { TcbGeneration } from './tcb.ts';
import { generationShape, signersOf, vendorContent, vendorShape, type CreateVendorOptions } from './vendor-content.ts';

/**
 * A software vendor, in the role that Intel has for SGX. It owns the root, decides which TCB is current and certifies machines.
 * Its private keys stay in its folder and are read only to issue something.
 */
export interface OpenedVendor {
  readonly folder: string;
  /** Upper-case hex, 6 bytes. */
  readonly fmspc: string;
  /** Upper-case hex, 2 bytes. */
  readonly pceId: string;
  /** Base address of the collateral service, in the CRL distribution points. */
  readonly collateralUrl: string;
  readonly rootPem: string;
  readonly platformCaPem: string;
  readonly tcbSigningPem: string;
  /** Hex of SHA-256 of the root's SubjectPublicKeyInfo (DER): what policies list. */
  readonly rootFingerprint: string;
  /** MRSIGNER of the quoting enclave, lower-case hex. */
  readonly quotingSigner: string;
  /** ISVSVN of the quoting enclave. */
  readonly quotingSecurityVersion: number;
  readonly quotingEnclave: { readonly image: Uint8Array; readonly sigstruct: Uint8Array };
  /** TCB recovery events, oldest first; the last is current. At least one. */
  readonly generations: readonly TcbGeneration[];
  readonly revoked: readonly Revocation[];
  /** CRL number of the newest documents, 0 before the first. */
  readonly crlNumber: number;
  /** Undefined when they are missing or damaged: `refreshVendor` issues them again. */
  readonly documents: SignedDocuments | undefined;
}

/** A vendor whose documents are present. */
export interface Vendor extends OpenedVendor {
  readonly documents: SignedDocuments;
}

/**
 * Makes a vendor, or opens and refreshes the existing one. Two processes that create one at once both get the same vendor.
 *
 * @throws PLATFORM_FOLDER_INVALID when the folder exists and is not a vendor.
 */
export async function createVendor(folder: string, options: CreateVendorOptions): Promise<Vendor> {
  await createFolder(folder, () => vendorContent(options));
  return refreshVendor({ folder }, options.now);
}

const revocationShape = { serialNumber: shortHex, at: instant };

/** @throws PLATFORM_FOLDER_INVALID unless the folder is a whole vendor. Its documents may be missing. */
export async function openVendor(folder: string): Promise<OpenedVendor> {
  const path = resolve(folder);
  try {
    const about = parseFile(await readText(path, 'vendor.json'), vendorShape);
    const rootPem = await readIssuedCertificate(path, 'root-ca.pem');
    const quotingEnclave = {
      image: await readBytes(path, 'quoting.sgxs'),
      sigstruct: await readBytes(path, 'quoting.sig'),
    };
    const signed = requireSigned(quotingEnclave.image, quotingEnclave.sigstruct);
    // Read first: a state that is read after the documents is never older than they are.
    const newest = await readNewestDocuments(path);
    return Object.freeze({
      folder: path,
      fmspc: about.fmspc.toUpperCase(),
      pceId: about.pceId.toUpperCase(),
      collateralUrl: about.collateralUrl,
      rootPem,
      platformCaPem: await readIssuedCertificate(path, 'platform-ca.pem', rootPem),
      tcbSigningPem: await readIssuedCertificate(path, 'tcb-signing.pem', rootPem),
      rootFingerprint: rootFingerprintOf(rootPem),
      quotingSigner: toHex(mrSignerOf(signed.modulus, sha256)),
      quotingSecurityVersion: signed.isvSvn,
      quotingEnclave: Object.freeze(quotingEnclave),
      generations: await readGenerations(path),
      revoked: await readAll(path, 'revoked', readRevocation),
      ...newest,
    });
  } catch (cause) {
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `${path} is not a whole vendor folder.`, { cause });
  }
}

/** Reads a certificate that the root issued, or the root itself. */
async function readIssuedCertificate(folder: string, name: string, rootPem?: string): Promise<string> {
  const pem = await readText(folder, name);
  const root = new X509Certificate(rootPem ?? pem);
  if (new X509Certificate(pem).verify(root.publicKey)) return pem;
  throw new EnclosError('PLATFORM_FOLDER_INVALID', `${name} is not a certificate of the root.`);
}

async function readGenerations(folder: string): Promise<readonly TcbGeneration[]> {
  const generations = await readAll(folder, 'tcb', (source) => parseFile(source, generationShape));
  if (generations.length > 0) return generations;
  throw new EnclosError('PLATFORM_FOLDER_INVALID', 'There is no TCB level.');
}

function readRevocation(source: string): Revocation {
  const { serialNumber, at } = parseFile(source, revocationShape);
  return Object.freeze({ serialNumber: serialNumber.toUpperCase(), at });
}

/**
 * A value that changes when a vendor folder does. It is cheap to read, and stays equal only while nothing is added, removed or
 * replaced.
 */
export async function vendorStamp(folder: string): Promise<string> {
  const parts = await Promise.all(
    [folder, join(folder, 'tcb'), join(folder, 'revoked')].map(async (path) => {
      const found = await stat(path, { bigint: true }).catch(() => undefined);
      return found === undefined ? 'none' : `${found.dev}-${found.ino}-${found.mtimeNs}-${found.ctimeNs}`;
    }),
  );
  return [...parts, (await documentNames(folder)).at(-1) ?? 'none'].join(' ');
}

/** Whether documents are in the first half of their lifetime, and not dated in the future. */
export function isFresh({ issueDate }: SignedDocuments, now: Date): boolean {
  const ageMs = now.getTime() - issueDate.getTime();
  return ageMs > -1000 && ageMs <= documentLifetimeMs / 2;
}

/**
 * Issues the documents again when half of their lifetime has passed, when they are dated in the future, when they are missing
 * or damaged, or when they do not match the folder (another process revoked or published meanwhile). Otherwise does nothing.
 *
 * @throws PLATFORM_FOLDER_INVALID, COLLATERAL_UNREADABLE
 */
export async function refreshVendor(vendor: Pick<OpenedVendor, 'folder'>, now: Date): Promise<Vendor> {
  for (;;) {
    const current = await openVendor(vendor.folder);
    if (isCurrent(current, now)) return current;
    // When another process takes the number first, its documents are checked before any more are issued.
    await addDocuments(current.folder, await issueReadable(current, stateOf(current), now));
  }
}

function isCurrent(vendor: OpenedVendor, now: Date): vendor is Vendor {
  const { documents } = vendor;
  return documents !== undefined && isFresh(documents, now) && documents.stateDigest === digestState(stateOf(vendor));
}

/**
 * Checks that a vendor can express these changes, before they are made.
 *
 * @throws COLLATERAL_UNREADABLE
 */
export async function requireExpressible(
  vendor: OpenedVendor,
  changes: Partial<Pick<DocumentState, 'generations' | 'revoked'>>,
  now: Date,
): Promise<void> {
  await issueReadable(vendor, { ...stateOf(vendor), ...changes }, now);
}

/** Documents under the next CRL number, after a check that verifiers and this package can read them. */
async function issueReadable(vendor: OpenedVendor, state: DocumentState, now: Date): Promise<SignedDocuments> {
  const crlNumber = vendor.crlNumber + 1;
  const documents = await issueDocuments(state, await readSigners(vendor), { now, crlNumber });
  try {
    parseCollateral(collateralFor({ ...vendor, documents }));
    parseDocuments(serializeDocuments(documents));
  } catch (cause) {
    throw new EnclosError('COLLATERAL_UNREADABLE', undefined, { cause });
  }
  return documents;
}

/** The keys of a vendor as issuers. Reads the private keys. */
export async function readSigners(vendor: OpenedVendor): Promise<Signers> {
  const key = async (name: string) => createPrivateKey(await readText(vendor.folder, `${name}.key.pem`));
  const pair = async (name: string, pem: string) => ({
    privateKey: await key(name),
    publicKey: new X509Certificate(pem).publicKey,
  });
  const keys = {
    root: await pair('root-ca', vendor.rootPem),
    platformCa: await pair('platform-ca', vendor.platformCaPem),
    tcbSigning: await pair('tcb-signing', vendor.tcbSigningPem),
  };
  return signersOf(keys, vendor.collateralUrl);
}

function stateOf(vendor: OpenedVendor): DocumentState {
  const { fmspc, pceId, quotingSigner, quotingSecurityVersion, generations, revoked } = vendor;
  return { fmspc, pceId, quotingSigner, quotingSecurityVersion, generations, revoked };
}
