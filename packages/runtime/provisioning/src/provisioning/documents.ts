import { createHash, sign, type KeyObject } from 'node:crypto';
import { toHex } from '@enclos/codec';
import { hex, integer, isoSeconds, string } from '@enclos/codec/json';
import { encodeAttributes } from '@enclos/sgx';
import { quotingAttributes, quotingProductId } from './quoting-image.ts';
import { issueCrl, type Issuer } from './certificates.ts';
import { instant, parseFile } from './json.ts';
import { tcbLevels, type TcbGeneration } from './tcb.ts';

/** How long a CRL or a signed document is good for. */
export const documentLifetimeMs = 30 * 86_400_000;

export interface Revocation {
  /** Upper-case hex. */
  readonly serialNumber: string;
  readonly at: Date;
}

/** What the documents say, besides their dates. */
export interface DocumentState {
  /** Upper-case hex, 6 bytes. */
  readonly fmspc: string;
  /** Upper-case hex, 2 bytes. */
  readonly pceId: string;
  /** Hex of the MRSIGNER of the quoting enclave. */
  readonly quotingSigner: string;
  /** ISVSVN of the quoting enclave that the vendor signed. */
  readonly quotingSecurityVersion: number;
  /** Oldest first. */
  readonly generations: readonly TcbGeneration[];
  readonly revoked: readonly Revocation[];
}

/** Everything that a vendor signs repeatedly. Each JSON text is the exact signed slice. */
export interface SignedDocuments {
  readonly issueDate: Date;
  readonly nextUpdate: Date;
  readonly crlNumber: number;
  /** Digest of the state that the documents express. */
  readonly stateDigest: string;
  /** Hex of DER. */
  readonly rootCaCrl: string;
  /** Hex of DER. */
  readonly pckCrl: string;
  readonly tcbInfo: string;
  /** Hex of r ‖ s. */
  readonly tcbInfoSignature: string;
  readonly qeIdentity: string;
  readonly qeIdentitySignature: string;
  readonly evaluationNumbers: string;
  readonly evaluationNumbersSignature: string;
}

export interface Signers {
  readonly root: Issuer;
  readonly platformCa: Issuer;
  readonly tcbSigning: KeyObject;
}

export function digestState(state: DocumentState): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}

/** Issues both CRLs, TCB info v3, QE identity v2 and the list of evaluation numbers. */
export async function issueDocuments(
  state: DocumentState,
  signers: Signers,
  { now, crlNumber }: { readonly now: Date; readonly crlNumber: number },
): Promise<SignedDocuments> {
  const issueDate = new Date(Math.floor(now.getTime() / 1000) * 1000);
  const nextUpdate = new Date(issueDate.getTime() + documentLifetimeMs);
  const crl = { thisUpdate: issueDate, nextUpdate, crlNumber };
  const dates = { issueDate: isoSeconds(issueDate.getTime()), nextUpdate: isoSeconds(nextUpdate.getTime()) };
  const tcbInfo = tcbInfoText(state, dates);
  const qeIdentity = qeIdentityText(state, dates);
  const evaluationNumbers = evaluationNumbersText(state, dates);
  return Object.freeze({
    issueDate,
    nextUpdate,
    crlNumber,
    stateDigest: digestState(state),
    rootCaCrl: toHex(await issueCrl(signers.root, { ...crl, revoked: [] })),
    pckCrl: toHex(await issueCrl(signers.platformCa, { ...crl, revoked: state.revoked })),
    tcbInfo,
    tcbInfoSignature: signText(tcbInfo, signers.tcbSigning),
    qeIdentity,
    qeIdentitySignature: signText(qeIdentity, signers.tcbSigning),
    evaluationNumbers,
    evaluationNumbersSignature: signText(evaluationNumbers, signers.tcbSigning),
  });
}

interface Dates {
  readonly issueDate: string;
  readonly nextUpdate: string;
}

function tcbInfoText(state: DocumentState, dates: Dates): string {
  const levels = tcbLevels(state.generations).map((level) => ({
    ...level,
    tcbDate: isoSeconds(level.tcbDate.getTime()),
  }));
  return JSON.stringify({
    id: 'SGX',
    version: 3,
    ...dates,
    fmspc: state.fmspc,
    pceId: state.pceId,
    tcbType: 0,
    tcbEvaluationDataNumber: currentNumber(state),
    tcbLevels: levels,
  });
}

function qeIdentityText(state: DocumentState, dates: Dates): string {
  const attributes = { flags: quotingAttributes, xfrm: 0n };
  return JSON.stringify({
    id: 'QE',
    version: 2,
    ...dates,
    tcbEvaluationDataNumber: currentNumber(state),
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: toHex(encodeAttributes(attributes)).toUpperCase(),
    // Every flag but MODE64BIT counts, no XFRM bit does: Intel's own mask.
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: state.quotingSigner.toUpperCase(),
    isvprodid: quotingProductId,
    tcbLevels: [
      {
        tcb: { isvsvn: state.quotingSecurityVersion },
        tcbDate: isoSeconds(newest(state)?.tcbDate.getTime() ?? 0),
        tcbStatus: 'UpToDate',
      },
    ],
  });
}

function evaluationNumbersText(state: DocumentState, dates: Dates): string {
  const tcbEvalNumbers = state.generations.toReversed().map(({ tcbEvaluationDataNumber, tcbDate }) => ({
    tcbEvaluationDataNumber,
    tcbRecoveryEventDate: isoSeconds(tcbDate.getTime()),
    tcbDate: isoSeconds(tcbDate.getTime()),
  }));
  return JSON.stringify({ id: 'SGX', version: 1, ...dates, tcbEvalNumbers });
}

function newest(state: DocumentState): TcbGeneration | undefined {
  return state.generations.at(-1);
}

function currentNumber(state: DocumentState): number {
  return newest(state)?.tcbEvaluationDataNumber ?? 0;
}

function signText(document: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(document), { key, dsaEncoding: 'ieee-p1363' }).toString('hex');
}

/** The most hex digits of one CRL that readers take (1 MiB). */
const maxCrlLength = 2 << 20;

const storedShape = {
  issueDate: instant,
  nextUpdate: instant,
  crlNumber: integer(0, 0x7fff_ffff),
  stateDigest: hex(32),
  rootCaCrl: string(maxCrlLength),
  pckCrl: string(maxCrlLength),
  tcbInfo: string(1 << 20),
  tcbInfoSignature: hex(64),
  qeIdentity: string(1 << 16),
  qeIdentitySignature: hex(64),
  evaluationNumbers: string(1 << 20),
  evaluationNumbersSignature: hex(64),
};

export function serializeDocuments(documents: SignedDocuments): string {
  const { issueDate, nextUpdate, ...rest } = documents;
  return JSON.stringify({
    issueDate: isoSeconds(issueDate.getTime()),
    nextUpdate: isoSeconds(nextUpdate.getTime()),
    ...rest,
  });
}

/** @throws a CODEC error */
export function parseDocuments(source: string): SignedDocuments {
  return parseFile(source, storedShape);
}
