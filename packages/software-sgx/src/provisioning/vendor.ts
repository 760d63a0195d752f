import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { mrSignerOf, parseSigstruct } from '@enclos/sgx';
import { generateSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';
import { quotingEnclaveImage, signQuotingEnclave } from '../quoting/image.ts';
import { issueCertificate } from './certificates.ts';
import {
  digestState,
  documentLifetimeMs,
  issueDocuments,
  parseDocuments,
  serializeDocuments,
  type Revocation,
  type SignedDocuments,
  type Signers,
} from './documents.ts';
import { addFile, createFolder, listFiles, readBytes, readText, replaceFile, type FolderContent } from './folder.ts';
import { formatInstant, hex, instant, integer, object, oneOf, parseJson, text } from './json.ts';
import { names } from './names.ts';
import { initialComponents, initialPceSvn, requireRise, type TcbGeneration } from './tcb.ts';

/** FMSPC and PCEID of the software platform: "ECLS", generation 1. Intel uses neither. */
const fmspc = '45434C530001';
const pceId = 'EC01';

const yearMs = 365.25 * 86_400_000;
const rootLifetimeMs = 30 * yearMs;
const platformCaLifetimeMs = 15 * yearMs;
const tcbSigningLifetimeMs = 7 * yearMs;

/** Not resolvable (RFC 2606), so that nobody asks a stranger for our CRLs. */
const defaultCollateralUrl = 'https://collateral.enclos.invalid';

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

export interface CreateVendorOptions {
  readonly now: Date;
  readonly collateralUrl?: string;
  /** RSA-3072 with exponent 3. Generated, in about a second, when absent. */
  readonly quotingSigningKey?: KeyObject;
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

async function vendorContent(options: CreateVendorOptions): Promise<FolderContent> {
  const { now, collateralUrl = defaultCollateralUrl } = options;
  const keys = { root: p256Key(), platformCa: p256Key(), tcbSigning: p256Key() };
  const quotingKey = options.quotingSigningKey ?? generateSigningKey();
  const signers = signersOf(keys, collateralUrl);
  const certificate = (request: { lifetimeMs: number; role: keyof typeof keys; pathLength?: number }) =>
    issueCertificate(signers.root, {
      subject: names[request.role],
      publicKey: keys[request.role].publicKey,
      notBefore: now,
      notAfter: new Date(now.getTime() + request.lifetimeMs),
      ...(request.pathLength === undefined ? {} : { pathLength: request.pathLength }),
    });
  const root = await certificate({ role: 'root', lifetimeMs: rootLifetimeMs, pathLength: 1 });
  const platformCa = await certificate({ role: 'platformCa', lifetimeMs: platformCaLifetimeMs, pathLength: 0 });
  const tcbSigning = await certificate({ role: 'tcbSigning', lifetimeMs: tcbSigningLifetimeMs });
  const generation = {
    tcbEvaluationDataNumber: 1,
    components: toHex(initialComponents),
    pceSvn: initialPceSvn,
    tcbDate: new Date(Math.floor(now.getTime() / 1000) * 1000),
  };
  const quotingSigner = toHex(mrSignerOf(publicModulus(quotingKey), sha256));
  const state = { fmspc, pceId, quotingSigner, generations: [generation], revoked: [] };
  const documents = await issueDocuments(state, signers, { now, crlNumber: 1 });
  return {
    'root-ca.key.pem': pkcs8(keys.root.privateKey),
    'root-ca.pem': root.pem,
    'platform-ca.key.pem': pkcs8(keys.platformCa.privateKey),
    'platform-ca.pem': platformCa.pem,
    'tcb-signing.key.pem': pkcs8(keys.tcbSigning.privateKey),
    'tcb-signing.pem': tcbSigning.pem,
    'quoting-signing.key.pem': pkcs8(quotingKey),
    'quoting.sgxs': quotingEnclaveImage(),
    'quoting.sig': signQuotingEnclave(quotingKey, now),
    [generationFile(1)]: serializeGeneration(generation),
    'revoked/': '',
    'issued/': '',
    'documents.json': serializeDocuments(documents),
    'vendor.json': JSON.stringify({ format: vendorFormat, fmspc, pceId, collateralUrl }),
  };
}

const vendorFormat = 'enclos-vendor-1';
const vendorFile = object({ format: oneOf(vendorFormat), fmspc: hex(6), pceId: hex(2), collateralUrl: text(2048) });
const generationJson = object({
  tcbEvaluationDataNumber: integer(0x7fff_ffff),
  components: hex(15),
  pceSvn: integer(0xffff),
  tcbDate: instant,
});
const revocationJson = object({ serialNumber: hex(), at: instant });

/** @throws PLATFORM_FOLDER_INVALID unless the folder is a whole vendor. */
export async function openVendor(folder: string): Promise<Vendor> {
  const path = resolve(folder);
  try {
    const about = parseJson(await readText(path, 'vendor.json'), vendorFile);
    const rootPem = await readText(path, 'root-ca.pem');
    const sigstruct = await readBytes(path, 'quoting.sig');
    return Object.freeze({
      folder: path,
      fmspc: about.fmspc.toUpperCase(),
      pceId: about.pceId.toUpperCase(),
      collateralUrl: about.collateralUrl,
      rootPem,
      platformCaPem: await readText(path, 'platform-ca.pem'),
      tcbSigningPem: await readText(path, 'tcb-signing.pem'),
      rootFingerprint: fingerprint(rootPem),
      quotingSigner: toHex(mrSignerOf(parseSigstruct(sigstruct).modulus, sha256)),
      quotingEnclave: Object.freeze({ image: await readBytes(path, 'quoting.sgxs'), sigstruct }),
      generations: await readAll(path, 'tcb', (source) => parseJson(source, generationJson)),
      revoked: await readAll(path, 'revoked', readRevocation),
      documents: parseDocuments(await readText(path, 'documents.json')),
    });
  } catch (cause) {
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `${path} is not a whole vendor folder.`, { cause });
  }
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

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function signersOf(keys: Readonly<Record<'root' | 'platformCa' | 'tcbSigning', KeyPair>>, url: string): Signers {
  return {
    root: { name: names.root, ...keys.root, crlUrl: `${url}/enclos/root.crl` },
    platformCa: {
      name: names.platformCa,
      ...keys.platformCa,
      crlUrl: `${url}/sgx/certification/v4/pckcrl?ca=platform&encoding=der`,
    },
    tcbSigning: keys.tcbSigning.privateKey,
  };
}

function stateOf({ quotingSigner, generations, revoked, ...vendor }: Vendor) {
  return { fmspc: vendor.fmspc, pceId: vendor.pceId, quotingSigner, generations, revoked };
}

function p256Key(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function generationFile(evaluationNumber: number): string {
  return `tcb/${String(evaluationNumber).padStart(10, '0')}.json`;
}

function serializeGeneration(generation: TcbGeneration): string {
  return JSON.stringify({ ...generation, tcbDate: formatInstant(generation.tcbDate) });
}
