import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { mrSignerOf } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import { requireSigned } from '../quoting/image.ts';
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
import { addFile, createFolder, listFiles, readBytes, readText, replaceFile } from './folder.ts';
import { formatInstant, hex, instant, object, parseJson } from './json.ts';
import { requireRise, type TcbGeneration } from './tcb.ts';
import {
  generationFile,
  generationJson,
  serializeGeneration,
  signersOf,
  vendorContent,
  vendorFile,
  type CreateVendorOptions,
} from './vendor-content.ts';

/**
 * A software vendor: what Intel is to SGX. It owns the root, says which TCB is
 * current and certifies machines. Its private keys stay in its folder and are
 * read only while something is issued.
 */
export interface Vendor {
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
  readonly quotingEnclave: { readonly image: Uint8Array; readonly sigstruct: Uint8Array };
  /** TCB recovery events, oldest first; the last is current. */
  readonly generations: readonly TcbGeneration[];
  readonly revoked: readonly Revocation[];
  readonly documents: SignedDocuments;
}

/**
 * Makes a vendor, or opens the one that is there. Two processes that create at
 * once both get the same vendor.
 *
 * @throws PLATFORM_FOLDER_INVALID when the folder exists and is not a vendor.
 */
export async function createVendor(folder: string, options: CreateVendorOptions): Promise<Vendor> {
  await createFolder(folder, () => vendorContent(options));
  return openVendor(folder);
}

const revocationJson = object({ serialNumber: hex(), at: instant });

/** @throws PLATFORM_FOLDER_INVALID unless the folder is a whole vendor. */
export async function openVendor(folder: string): Promise<Vendor> {
  const path = resolve(folder);
  try {
    const about = parseJson(await readText(path, 'vendor.json'), vendorFile);
    const rootPem = await readCertificate(path, 'root-ca.pem');
    const quotingEnclave = {
      image: await readBytes(path, 'quoting.sgxs'),
      sigstruct: await readBytes(path, 'quoting.sig'),
    };
    const signed = requireSigned(quotingEnclave.image, quotingEnclave.sigstruct);
    return Object.freeze({
      folder: path,
      fmspc: about.fmspc.toUpperCase(),
      pceId: about.pceId.toUpperCase(),
      collateralUrl: about.collateralUrl,
      rootPem,
      platformCaPem: await readCertificate(path, 'platform-ca.pem', rootPem),
      tcbSigningPem: await readCertificate(path, 'tcb-signing.pem', rootPem),
      rootFingerprint: fingerprint(rootPem),
      quotingSigner: toHex(mrSignerOf(signed.modulus, sha256)),
      quotingEnclave: Object.freeze(quotingEnclave),
      generations: await readAll(path, 'tcb', (source) => parseJson(source, generationJson)),
      revoked: await readAll(path, 'revoked', readRevocation),
      documents: parseDocuments(await readText(path, 'documents.json')),
    });
  } catch (cause) {
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `${path} is not a whole vendor folder.`, { cause });
  }
}

/** Reads a certificate that the root issued, or the root itself. */
async function readCertificate(folder: string, name: string, rootPem?: string): Promise<string> {
  const pem = await readText(folder, name);
  const root = new X509Certificate(rootPem ?? pem);
  if (new X509Certificate(pem).verify(root.publicKey)) return pem;
  throw new EnclosError('PLATFORM_FOLDER_INVALID', `${name} is not a certificate of the root.`);
}

function fingerprint(pem: string): string {
  const { publicKey } = new X509Certificate(pem);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

async function readAll<T>(folder: string, name: string, parse: (source: string) => T): Promise<readonly T[]> {
  const files = await listFiles(folder, name);
  return Object.freeze(await Promise.all(files.map(async (file) => parse(await readText(join(folder, name), file)))));
}

function readRevocation(source: string): Revocation {
  const { serialNumber, at } = parseJson(source, revocationJson);
  return Object.freeze({ serialNumber: serialNumber.toUpperCase(), at });
}

/**
 * Issues the documents again when half of their lifetime has passed, when the
 * clock stands before them, or when they do not say what the folder holds
 * (another process revoked or published in between). Otherwise does nothing.
 */
export async function refreshVendor(vendor: Pick<Vendor, 'folder'>, now: Date): Promise<Vendor> {
  const current = await openVendor(vendor.folder);
  const { issueDate, stateDigest, crlNumber } = current.documents;
  const ageMs = now.getTime() - issueDate.getTime();
  if (ageMs > -1000 && ageMs <= documentLifetimeMs / 2 && stateDigest === digestState(stateOf(current))) return current;
  const documents = await issueDocuments(stateOf(current), await readSigners(current), {
    now,
    crlNumber: crlNumber + 1,
  });
  await replaceFile(join(current.folder, 'documents.json'), serializeDocuments(documents));
  return openVendor(current.folder);
}

export interface PublishTcbOptions {
  /** CPUSVN bytes 0 to 14 of the new current level. */
  readonly components: Uint8Array;
  /** Unchanged when absent. */
  readonly pceSvn?: number;
  readonly now: Date;
}

/**
 * A TCB recovery: raises the current level under the next evaluation number.
 * Machines below it become OutOfDate until their CPUSVN is raised and they are
 * enrolled again.
 *
 * @throws TCB_REFUSED when the level is not above the current one, or another publication came first.
 */
export async function publishTcb(vendor: Vendor, options: PublishTcbOptions): Promise<Vendor> {
  const current = await openVendor(vendor.folder);
  const previous = current.generations.at(-1);
  if (previous === undefined || options.components.length !== 15) {
    throw new EnclosError('TCB_REFUSED', 'A TCB level has 15 component bytes.');
  }
  const generation = {
    tcbEvaluationDataNumber: previous.tcbEvaluationDataNumber + 1,
    components: toHex(options.components),
    pceSvn: options.pceSvn ?? previous.pceSvn,
    tcbDate: options.now,
  };
  requireRise(previous, generation);
  const path = join(current.folder, generationFile(generation.tcbEvaluationDataNumber));
  if (!(await addFile(path, serializeGeneration(generation)))) {
    throw new EnclosError('TCB_REFUSED', 'Another TCB level was published at the same time.');
  }
  return refreshVendor(current, options.now);
}

/**
 * Revokes a PCK certificate: it enters the next CRL, which is issued at once.
 * Revoking twice is the same as once.
 *
 * @param serialNumber hex, as in the certificate
 */
export async function revoke(vendor: Vendor, serialNumber: string, now: Date): Promise<Vendor> {
  const serial = hex()(serialNumber, 'serialNumber').toUpperCase();
  const content = JSON.stringify({ serialNumber: serial, at: formatInstant(now) });
  await addFile(join(vendor.folder, 'revoked', `${serial}.json`), content);
  return refreshVendor(vendor, now);
}

/** The Platform CA as an issuer. Reads its private key. */
export async function readSigners(vendor: Vendor): Promise<Signers> {
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

function stateOf({ fmspc, pceId, quotingSigner, generations, revoked }: Vendor): DocumentState {
  return { fmspc, pceId, quotingSigner, generations, revoked };
}
