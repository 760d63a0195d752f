import { utf8 } from '@enclos/codec';
import { processKeys } from '../pki/keys.ts';
import { pem, pemCertificationData } from '../pki/pem.ts';
import type { PckIdentity } from '../pki/sgx-extension.ts';
import { place, repeated } from '../quote/bytes.ts';
import {
  encodeQuote,
  intelQeVendorId,
  pckIdentifier,
  signQuote,
  type CertificationData,
  type QuoteHeader,
} from '../quote/quote.ts';
import { encodeSgxReport, exampleSgxReport, type SgxReportBody } from '../quote/sgx-report.ts';
import {
  encodeTdReport10,
  encodeTdReport15,
  encodeTdReport15Ex,
  exampleTdReport,
  type TdReport15Ex,
} from '../quote/td-report.ts';
import { same, type ScenarioChanges, type TdSvns } from './changes.ts';
import { evidenceKinds, type EvidenceKind } from './kinds.ts';
import { qeSignerByte, svnOf } from './levels.ts';

/** What the evidence says of security versions. */
export interface EvidenceSvns {
  readonly qeSvn: number;
  /** 16 bytes, of a TD. */
  readonly teeTcbSvn?: Uint8Array;
  /** 16 bytes, of a TD 1.5. */
  readonly teeTcbSvn2?: Uint8Array;
}

/** TEE_TCB_SVN: SVN of the module, its version, then the SVN of the SEAM loader. */
function teeTcbSvn({ platform = 'latest', module = 'latest', version = 1 }: TdSvns): Uint8Array {
  return place(16, [[0, Uint8Array.of(svnOf[module], version, svnOf[platform])]]);
}

/** The TD report with all members of the largest body; a smaller one leaves the later ones out. */
function tdReport({ launch = {}, current = launch, td }: ScenarioChanges): TdReport15Ex {
  return { ...exampleTdReport, teeTcbSvn: teeTcbSvn(launch), teeTcbSvn2: teeTcbSvn(current), ...td };
}

function qeReport(kind: EvidenceKind, { qe = 'latest', qeReport: changes }: ScenarioChanges): SgxReportBody {
  return {
    ...exampleSgxReport,
    // INIT, MODE64 and PROVISIONKEY.
    attributes: { flags: 0x15n, xfrm: 3n },
    mrSigner: repeated(qeSignerByte, 32),
    isvProdId: evidenceKinds[kind].tee === 'SGX' ? 1 : 2,
    isvSvn: svnOf[qe],
    ...changes,
  };
}

export function evidenceSvns(changes: ScenarioChanges): EvidenceSvns {
  const kind = changes.kind ?? 'sgx-v3';
  const { tee, bodyType = 0 } = evidenceKinds[kind];
  const td = tdReport(changes);
  return {
    qeSvn: qeReport(kind, changes).isvSvn,
    ...(tee === 'TDX' ? { teeTcbSvn: td.teeTcbSvn } : {}),
    ...(bodyType >= 3 ? { teeTcbSvn2: td.teeTcbSvn2 } : {}),
  };
}

function goodBody(kind: EvidenceKind, changes: ScenarioChanges): Uint8Array {
  const { tee, bodyType } = evidenceKinds[kind];
  if (tee === 'SGX') return encodeSgxReport({ ...exampleSgxReport, ...changes.report });
  const td = tdReport(changes);
  if (bodyType === 3) return encodeTdReport15(td);
  return bodyType === 4 ? encodeTdReport15Ex(td) : encodeTdReport10(td);
}

function header(kind: EvidenceKind, changes: ScenarioChanges): QuoteHeader {
  const { tee, version } = evidenceKinds[kind];
  return {
    version,
    attestationKeyType: 2,
    teeType: tee === 'SGX' ? 0 : 0x81,
    qeSvn: svnOf.latest,
    pceSvn: svnOf.latest,
    qeVendorId: intelQeVendorId,
    userData: place(20, [[0, (changes.keys ?? processKeys).bytes('qe id', 16)]]),
    ...changes.header,
  };
}

function certification(
  { certificationType: type = 5 }: ScenarioChanges,
  identity: PckIdentity,
  pckChain: readonly Uint8Array[],
): CertificationData {
  const [leaf = new Uint8Array()] = pckChain;
  if (type === 5) return { type, data: pemCertificationData(pckChain) };
  if (type === 4) return { type, data: utf8(pem(leaf)) };
  return pckIdentifier(type, identity);
}

/** The quote of a scenario. */
export function makeQuote(
  changes: ScenarioChanges,
  identity: PckIdentity,
  pckChain: readonly Uint8Array[],
): Uint8Array {
  const kind = changes.kind ?? 'sgx-v3';
  const keys = changes.keys ?? processKeys;
  const { bodyType } = evidenceKinds[kind];
  const body = (changes.body ?? same)(goodBody(kind, changes));
  const descriptor =
    bodyType === undefined ? undefined : { type: bodyType, sizeBytes: body.length, ...changes.descriptor };
  const parts = signQuote({
    header: header(kind, changes),
    descriptor,
    body,
    attestationKey: keys.key('attestation'),
    pckKey: keys.key('pck'),
    qeReport: qeReport(kind, changes),
    qeAuthData: changes.qeAuthData ?? keys.bytes('qe authentication data', 32),
    certification: certification(changes, identity, pckChain),
  });
  return (changes.quoteBytes ?? same)(encodeQuote((changes.signedQuote ?? same)(parts)));
}
