import { createHash } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '@enclos/codec';
import { encodeReportBody, quoteSignedBytes, type QuoteBody, type QuoteParts, type ReportBody } from '@enclos/sgx';
import { softwareRoot, type QuoteCollateral, type TrustedRoot } from '../src/index.ts';
import { integer, objectIdentifier, octetString, sequence, tlv } from './der-writer.ts';
import { pem } from './intel-vectors.ts';
import {
  authorityKeyIdentifier,
  crlNumber,
  makeCertificate,
  makeCrl,
  makeKey,
  signRaw,
  standardExtensions,
  type CertificateSpec,
  type CrlSpec,
} from './synthetic-pki.ts';

export const keys = {
  root: makeKey(),
  intermediate: makeKey(),
  pck: makeKey(),
  signer: makeKey(),
  attestation: makeKey(),
  other: makeKey(),
};
const rootName = 'Test SGX Root CA';
const intermediateName = 'Test SGX PCK Platform CA';
export const now = new Date('2026-01-15T00:00:00Z');
const year = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2035-01-01T00:00:00Z') };
const month = { issueDate: '2026-01-01T00:00:00Z', nextUpdate: '2026-02-01T00:00:00Z' };

export type Json = Record<string, unknown>;

/** What a test changes. Functions take the good value. */
export interface Changes {
  readonly root?: Partial<CertificateSpec>;
  readonly intermediate?: Partial<CertificateSpec>;
  readonly pck?: Partial<CertificateSpec>;
  readonly signer?: Partial<CertificateSpec>;
  readonly rootCrl?: Partial<CrlSpec>;
  readonly pckCrl?: Partial<CrlSpec>;
  readonly sgxExtension?: (good: Uint8Array) => Uint8Array;
  readonly svns?: PlatformSvns;
  readonly tcbInfo?: (good: Json) => Json;
  readonly qeIdentity?: (good: Json) => Json;
  readonly qeReport?: Partial<ReportBody>;
  readonly report?: Partial<ReportBody>;
  readonly version?: 3 | 4 | 5;
  /** Default: 32. */
  readonly authDataLength?: number;
  /** Instead of the SGX report. */
  readonly body?: QuoteBody;
  readonly quote?: (good: QuoteParts) => QuoteParts;
  readonly pckChain?: (good: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly signingChain?: (good: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly collateral?: (good: QuoteCollateral) => QuoteCollateral;
}

export interface PlatformSvns {
  readonly component?: number;
  readonly pce?: number;
  readonly qe?: number;
}

export interface Platform {
  readonly quote: Uint8Array;
  readonly collateral: QuoteCollateral;
  readonly roots: readonly TrustedRoot[];
}

const sgx = '1.2.840.113741.1.13.1';
const entry = (id: string, value: Uint8Array): Uint8Array => sequence(objectIdentifier(`${sgx}${id}`), value);

export function sgxExtension({ component = 2, pce = 2 }: PlatformSvns = {}): Uint8Array {
  const components = Array.from({ length: 16 }, (_, index) => entry(`.2.${index + 1}`, integer(component)));
  const tcb = sequence(
    ...components,
    entry('.2.17', integer(pce)),
    entry('.2.18', octetString(new Uint8Array(16).fill(component))),
  );
  return sequence(
    entry('.1', octetString(new Uint8Array(16))),
    entry('.2', tcb),
    entry('.3', octetString(new Uint8Array(2))),
    entry('.4', octetString(fromHex('00a0b0c0d0e0'))),
    entry('.5', tlv(0x0a, Uint8Array.of(1))),
    entry('.6', octetString(new Uint8Array(16))),
    entry('.7', sequence(entry('.7.1', tlv(0x01, Uint8Array.of(0xff))), entry('.7.3', tlv(0x01, Uint8Array.of(0))))),
  );
}

/** A TCB level of version 3. */
export function tcbLevel(svn: number, tcbStatus: string, advisoryIDs?: readonly string[]): Json {
  const sgxtcbcomponents = Array.from({ length: 16 }, () => ({ svn, category: 'BIOS', type: 'Microcode' }));
  return {
    tcb: { sgxtcbcomponents, pcesvn: svn },
    tcbDate: `202${svn}-01-01T00:00:00Z`,
    tcbStatus,
    ...(advisoryIDs && { advisoryIDs }),
  };
}

export function qeLevel(isvsvn: number, tcbStatus: string, advisoryIDs?: readonly string[]): Json {
  return { tcb: { isvsvn }, tcbDate: `202${isvsvn}-06-01T00:00:00Z`, tcbStatus, ...(advisoryIDs && { advisoryIDs }) };
}

export const goodTcbInfo: Json = {
  id: 'SGX',
  version: 3,
  ...month,
  fmspc: '00A0B0C0D0E0',
  pceId: '0000',
  tcbType: 0,
  tcbEvaluationDataNumber: 17,
  tcbLevels: [
    tcbLevel(3, 'UpToDate'),
    tcbLevel(2, 'ConfigurationNeeded', ['ENCLOS-SA-00001']),
    tcbLevel(1, 'OutOfDate', ['B', 'A']),
  ],
};

export const goodQeIdentity: Json = {
  id: 'QE',
  version: 2,
  ...month,
  tcbEvaluationDataNumber: 18,
  miscselect: '00000000',
  miscselectMask: 'FFFFFFFF',
  attributes: '15000000000000000000000000000000',
  attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000'.replace('FB', 'FF'),
  mrsigner: '5A'.repeat(32),
  isvprodid: 1,
  tcbLevels: [qeLevel(3, 'UpToDate'), qeLevel(2, 'OutOfDate', ['A', 'C']), qeLevel(1, 'Revoked')],
};

const blankReport: ReportBody = {
  cpuSvn: new Uint8Array(16),
  miscSelect: 0,
  isvExtProdId: new Uint8Array(16),
  attributes: { flags: 0x15n, xfrm: 3n },
  mrEnclave: new Uint8Array(32).fill(0xee),
  mrSigner: new Uint8Array(32).fill(0x5a),
  configId: new Uint8Array(64),
  isvProdId: 1,
  isvSvn: 3,
  configSvn: 0,
  isvFamilyId: new Uint8Array(16),
  reportData: new Uint8Array(64),
};

export const goodReport: ReportBody = {
  ...blankReport,
  attributes: { flags: 5n, xfrm: 3n },
  mrSigner: new Uint8Array(32).fill(0x51),
  isvProdId: 7,
  isvSvn: 4,
  reportData: new Uint8Array(64).fill(9),
};

interface Chains {
  readonly root: Uint8Array;
  readonly pckChain: readonly Uint8Array[];
  readonly signingChain: readonly Uint8Array[];
}

function makeChains(changes: Changes): Chains {
  const extension = (changes.sgxExtension ?? ((good) => good))(sgxExtension(changes.svns));
  const spec = (key: 'root' | 'intermediate' | 'pck' | 'signer', commonName: string): CertificateSpec => {
    const isUnderRoot = key !== 'pck';
    const issuerKey = isUnderRoot ? keys.root : keys.intermediate;
    const pathLength = { root: 1, intermediate: 0, pck: undefined, signer: undefined }[key];
    const standard = standardExtensions({
      point: keys[key].point,
      issuerPoint: issuerKey.point,
      ...(pathLength === undefined ? {} : { pathLength }),
    });
    return {
      commonName,
      issuerName: isUnderRoot ? rootName : intermediateName,
      serialNumber: { root: 1, intermediate: 2, pck: 3, signer: 4 }[key],
      ...year,
      key: keys[key],
      issuerKey,
      extensions: key === 'pck' ? [...standard, { id: sgx, value: extension }] : standard,
      ...changes[key],
    };
  };
  const root = makeCertificate(spec('root', rootName));
  const intermediate = makeCertificate(spec('intermediate', intermediateName));
  const pck = makeCertificate(spec('pck', 'Test SGX PCK Certificate'));
  const signer = makeCertificate(spec('signer', 'Test SGX TCB Signing'));
  const same = (chain: readonly Uint8Array[]): readonly Uint8Array[] => chain;
  return {
    root,
    pckChain: (changes.pckChain ?? same)([pck, intermediate, root]),
    signingChain: (changes.signingChain ?? same)([signer, root]),
  };
}

function makeCollateral(changes: Changes, { root, signingChain }: Chains): QuoteCollateral {
  const crl = (which: 'root' | 'intermediate', issuerName: string, change: Partial<CrlSpec> = {}): string =>
    toHex(
      makeCrl({
        issuerName,
        issuerKey: keys[which],
        thisUpdate: new Date(month.issueDate),
        nextUpdate: new Date(month.nextUpdate),
        revoked: [1000, 1001],
        extensions: [crlNumber, authorityKeyIdentifier(keys[which].point)],
        ...change,
      }),
    );
  const document = (good: Json, change: ((good: Json) => Json) | undefined): readonly [string, string] => {
    const text = JSON.stringify((change ?? ((same) => same))(good));
    return [text, toHex(signRaw(keys.signer, new TextEncoder().encode(text)))];
  };
  const chain = signingChain.map(pem).join('');
  const [tcbInfo, tcbInfoSignature] = document(goodTcbInfo, changes.tcbInfo);
  const [qeIdentity, qeIdentitySignature] = document(goodQeIdentity, changes.qeIdentity);
  const collateral = {
    pck_crl_issuer_chain: pem(root),
    root_ca_crl: crl('root', rootName, changes.rootCrl),
    pck_crl: crl('intermediate', intermediateName, changes.pckCrl),
    tcb_info_issuer_chain: chain,
    tcb_info: tcbInfo,
    tcb_info_signature: tcbInfoSignature,
    qe_identity_issuer_chain: chain,
    qe_identity: qeIdentity,
    qe_identity_signature: qeIdentitySignature,
  };
  return changes.collateral?.(collateral) ?? collateral;
}

function makeQuote(changes: Changes, { pckChain }: Chains): Uint8Array {
  const qeAuthData = new Uint8Array(changes.authDataLength ?? 32).fill(7);
  const digest = createHash('sha256').update(keys.attestation.point).update(qeAuthData).digest();
  const qeReport: ReportBody = {
    ...blankReport,
    isvSvn: changes.svns?.qe ?? 3,
    reportData: concatBytes(new Uint8Array(digest), new Uint8Array(32)),
    ...changes.qeReport,
  };
  const content = {
    qeSvn: 0,
    pceSvn: 0,
    qeVendorId: fromHex('939a7233f79c4ca9940a0db3957f0607'),
    userData: new Uint8Array(20),
    version: changes.version ?? 3,
    body: changes.body ?? { type: 'sgx', report: { ...goodReport, ...changes.report } },
  } as const;
  const parts: QuoteParts = {
    ...content,
    signature: {
      isvSignature: signRaw(keys.attestation, quoteSignedBytes(content)),
      attestationKey: keys.attestation.point,
      qeReport,
      qeReportSignature: signRaw(keys.pck, encodeReportBody(qeReport)),
      qeAuthData,
      certificationDataType: 5,
      certificationData: new TextEncoder().encode(`${pckChain.map(pem).join('')}\0`),
    },
  };
  return encodeQuote(changes.quote?.(parts) ?? parts);
}

/** Written out here, so that the verifier and the encoder of `@enclos/sgx` check each other. */
function encodeQuote(parts: QuoteParts): Uint8Array {
  const { signature } = parts;
  const { qeAuthData, certificationData, certificationDataType } = signature;
  const certified = concatBytes(
    encodeReportBody(signature.qeReport),
    signature.qeReportSignature,
    littleEndian(qeAuthData.length, 2),
    qeAuthData,
    littleEndian(certificationDataType, 2),
    littleEndian(certificationData.length, 4),
    certificationData,
  );
  const wrapper =
    parts.version === 3 ? new Uint8Array() : concatBytes(littleEndian(6, 2), littleEndian(certified.length, 4));
  const data = concatBytes(signature.isvSignature, signature.attestationKey, wrapper, certified);
  return concatBytes(quoteSignedBytes(parts), littleEndian(data.length, 4), data);
}

function littleEndian(value: number, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (value >>> (8 * index)) & 0xff);
}

/** The root of the good platform, whatever a test changes. */
export const trustedRoot: Promise<TrustedRoot> = softwareRoot(makeChains({}).root);

/** A software platform of its own vendor with one quote: genuine in everything but the changes. */
export async function makePlatform(changes: Changes = {}): Promise<Platform> {
  const chains = makeChains(changes);
  return { quote: makeQuote(changes, chains), collateral: makeCollateral(changes, chains), roots: [await trustedRoot] };
}
