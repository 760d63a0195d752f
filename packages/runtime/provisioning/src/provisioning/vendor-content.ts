import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { hex, integer, isoSeconds, oneOf, string } from '@enclos/codec/json';
import { mrSignerOf, parseSigstruct } from '@enclos/sgx';
import { generateSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';
import type { FolderContent } from '@enclos/durable';
import { quotingEnclaveImage, signQuotingEnclave } from './quoting-image.ts';
import { issueCertificate, newSerialNumber, type Issuer } from './certificates.ts';
import { documentsFile } from './document-store.ts';
import { issueDocuments, serializeDocuments, type Signers } from './documents.ts';
import { instant } from './json.ts';
import { names } from './names.ts';
import { initialComponents, initialPceSvn, type TcbGeneration } from './tcb.ts';

/** FMSPC and PCEID of the software platform: "ECLS", generation 1. Intel uses neither. */
const fmspc = '45434C530001';
const pceId = 'EC01';

const yearMs = 365.25 * 86_400_000;
const rootLifetimeMs = 30 * yearMs;
const platformCaLifetimeMs = 15 * yearMs;
const tcbSigningLifetimeMs = 7 * yearMs;

/** Not resolvable (RFC 2606), so that no verifier asks a third party for our CRLs. */
const defaultCollateralUrl = 'https://collateral.enclos.invalid';

export interface CreateVendorOptions {
  readonly now: Date;
  readonly collateralUrl?: string;
  /** RSA-3072 with exponent 3. Generated, in about a second, when absent. */
  readonly quotingSigningKey?: KeyObject;
}

/** The files of a new vendor: keys, certificates, the signed quoting enclave, and the first documents. */
export async function vendorContent(options: CreateVendorOptions): Promise<FolderContent> {
  const { now, collateralUrl = defaultCollateralUrl } = options;
  const keys = { root: p256Key(), platformCa: p256Key(), tcbSigning: p256Key() };
  const quotingKey = options.quotingSigningKey ?? generateSigningKey();
  const signers = signersOf(keys, collateralUrl);
  const { root, platformCa, tcbSigning } = await issueCertificates(signers.root, keys, now);
  const generation = {
    tcbEvaluationDataNumber: 1,
    components: toHex(initialComponents),
    pceSvn: initialPceSvn,
    tcbDate: new Date(Math.floor(now.getTime() / 1000) * 1000),
  };
  const quotingSigner = toHex(mrSignerOf(publicModulus(quotingKey), sha256));
  const sigstruct = signQuotingEnclave(quotingKey, now);
  const quotingSecurityVersion = parseSigstruct(sigstruct).isvSvn;
  const state = { fmspc, pceId, quotingSigner, quotingSecurityVersion, generations: [generation], revoked: [] };
  const documents = await issueDocuments(state, signers, { now, crlNumber: 1 });
  return {
    'root-ca.key.pem': pkcs8(keys.root.privateKey),
    'root-ca.pem': root,
    'platform-ca.key.pem': pkcs8(keys.platformCa.privateKey),
    'platform-ca.pem': platformCa,
    'tcb-signing.key.pem': pkcs8(keys.tcbSigning.privateKey),
    'tcb-signing.pem': tcbSigning,
    'quoting-signing.key.pem': pkcs8(quotingKey),
    'quoting.sgxs': quotingEnclaveImage(),
    'quoting.sig': sigstruct,
    [generationFile(1)]: serializeGeneration(generation),
    'revoked/': '',
    'issued/': '',
    'owners/': '',
    [documentsFile(1)]: serializeDocuments(documents),
    'vendor.json': JSON.stringify({ format: vendorFormat, fmspc, pceId, collateralUrl }),
  };
}

type Keys = Readonly<Record<'root' | 'platformCa' | 'tcbSigning', KeyPair>>;

/** The root certifies itself, the Platform CA and the TCB signer. */
async function issueCertificates(root: Issuer, keys: Keys, now: Date): Promise<Record<keyof Keys, string>> {
  const issue = (role: keyof Keys, lifetimeMs: number, constraint: { readonly pathLength?: number }) =>
    issueCertificate(root, {
      serialNumber: newSerialNumber(),
      subject: names[role],
      publicKey: keys[role].publicKey,
      notBefore: now,
      notAfter: new Date(now.getTime() + lifetimeMs),
      ...constraint,
    });
  return {
    root: await issue('root', rootLifetimeMs, { pathLength: 1 }),
    platformCa: await issue('platformCa', platformCaLifetimeMs, { pathLength: 0 }),
    tcbSigning: await issue('tcbSigning', tcbSigningLifetimeMs, {}),
  };
}

const vendorFormat = 'enclos-vendor-1';
export const vendorShape = {
  format: oneOf(vendorFormat),
  fmspc: hex(6),
  pceId: hex(2),
  collateralUrl: string(2048),
};
export const generationShape = {
  tcbEvaluationDataNumber: integer(0, 0x7fff_ffff),
  components: hex(15),
  pceSvn: integer(0, 0xffff),
  tcbDate: instant,
};
interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The roles of a vendor's keys. A CRL distribution point is a route of the collateral service. */
export function signersOf(keys: Keys, url: string): Signers {
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

function p256Key(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function generationFile(evaluationNumber: number): string {
  return `tcb/${String(evaluationNumber).padStart(10, '0')}.json`;
}

export function serializeGeneration(generation: TcbGeneration): string {
  return JSON.stringify({ ...generation, tcbDate: isoSeconds(generation.tcbDate.getTime()) });
}
