import { parseCollateral, type QuoteCollateral } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import type { Assembly } from '../assembly.ts';
import { obtainItem, type ItemOptions, type ObtainedItem } from '../fetch-item.ts';
import { readChain } from '../item.ts';
import { pckSubject, type PckSubject } from './pck.ts';
import { orRefuseAnswer, refuseAnswer } from '../refusal.ts';
import { itemRequest } from '../request.ts';
import { splitDocument } from '../signed-document.ts';
import type { StoredItem } from '../stored-item.ts';
import { crlDistributionPoint } from '../certificates.ts';

/** A platform of Intel's, or a software platform, as its quote names it. */
export interface DcapFacts extends PckSubject {
  readonly tee: 'sgx' | 'tdx';
}

/** What identifies a PCK certificate that a quote does not carry (certification data types 1 to 3). Lower-case hex. */
export interface PckLookup {
  /** 256 or 384 bytes: RSA-OAEP. */
  readonly encryptedPpid?: string;
  /** 16 bytes. */
  readonly ppid?: string;
  /** 16 bytes; a PCCS and Azure want it. */
  readonly qeId?: string;
  /** 16 bytes. */
  readonly cpuSvn: string;
  /** 2 bytes, little-endian. */
  readonly pceSvn: string;
  /** 2 bytes, little-endian. */
  readonly pceId: string;
}

/** A platform whose PCK certificate must be looked up first. */
export interface PckFacts {
  readonly tee: 'sgx' | 'tdx';
  readonly pck: PckLookup;
}

/** Gets the five or six items of a platform, and makes collateral of them that can be parsed. */
export async function fetchDcap(
  facts: DcapFacts | PckFacts,
  baseline: string | number,
  options: ItemOptions,
): Promise<Assembly<QuoteCollateral>> {
  const { tee } = facts;
  const pck = 'pck' in facts ? await obtainItem(pckRequest(facts.pck), options) : undefined;
  const { fmspc, ca } = 'pck' in facts ? subjectOf(pck) : facts;
  const [tcbInfo, qeIdentity, pckCrl] = await Promise.all([
    obtainItem(itemRequest('tcb-info', { tee, fmspc: fmspc.toLowerCase(), baseline }), options),
    obtainItem(itemRequest('qe-identity', { tee, baseline }), options),
    obtainItem(itemRequest('pck-crl', { ca }), options),
  ]);
  const distributionPoint = rootCrlPlace(tcbInfo.item);
  const rootCrl = await obtainItem(itemRequest('root-crl'), options, { distributionPoint });
  checkBelonging({ tcbInfo, qeIdentity, pckCrl, rootCrl, pck });
  const collateral = collateralOf({ tcbInfo, qeIdentity, pckCrl, rootCrl, pck });
  const obtained = [tcbInfo, qeIdentity, pckCrl, rootCrl, ...(pck === undefined ? [] : [pck])];
  return { collateral, obtained };
}

function pckRequest({ encryptedPpid, ppid, qeId, cpuSvn, pceSvn, pceId }: PckLookup) {
  const given = { 'encrypted-ppid': encryptedPpid, ppid, qeid: qeId, cpusvn: cpuSvn, pcesvn: pceSvn, pceid: pceId };
  return itemRequest('pck-certificate', given);
}

function subjectOf(pck: ObtainedItem | undefined): PckSubject {
  const name = 'pck-certificate';
  return orRefuseAnswer(name, () => {
    const [leaf, issuer] = pck === undefined ? [] : readChain(pck.item.content.body + (pck.item.content.chain ?? ''));
    return leaf === undefined || issuer === undefined
      ? refuseAnswer(name, 'there is no chain')
      : pckSubject(leaf, issuer);
  });
}

function rootCrlPlace({ request, content }: StoredItem): string {
  return orRefuseAnswer(request.text, () => {
    const root = readChain(content.chain ?? '').at(-1);
    return root === undefined ? refuseAnswer(request.text, 'there is no root') : crlDistributionPoint(root);
  });
}

interface Parts {
  readonly tcbInfo: ObtainedItem;
  readonly qeIdentity: ObtainedItem;
  readonly pckCrl: ObtainedItem;
  readonly rootCrl: ObtainedItem;
  readonly pck: ObtainedItem | undefined;
}

/** Everything under one root key, and each list of the CA that it should be of. */
function checkBelonging({ tcbInfo, qeIdentity, pckCrl, rootCrl, pck }: Parts): void {
  const { rootKey, rootName } = tcbInfo.item.facts;
  const under = [qeIdentity, pckCrl, ...(pck === undefined ? [] : [pck])];
  for (const { item } of under) {
    if (item.facts.rootKey !== rootKey) {
      refuseAnswer(item.request.text, 'its root is another than that of the TCB info');
    }
  }
  if (rootCrl.item.facts.issuer !== rootName) refuseAnswer('root-crl', 'it is not of the root');
}

function collateralOf({ tcbInfo, qeIdentity, pckCrl, rootCrl, pck }: Parts): QuoteCollateral {
  const info = splitDocument('tcb-info', tcbInfo.item.content.body);
  const identity = splitDocument('qe-identity', qeIdentity.item.content.body);
  const collateral = Object.freeze({
    pck_crl_issuer_chain: pckCrl.item.content.chain ?? '',
    root_ca_crl: rootCrl.item.content.body,
    pck_crl: pckCrl.item.content.body,
    tcb_info_issuer_chain: tcbInfo.item.content.chain ?? '',
    tcb_info: info.document,
    tcb_info_signature: info.signature,
    qe_identity_issuer_chain: qeIdentity.item.content.chain ?? '',
    qe_identity: identity.document,
    qe_identity_signature: identity.signature,
    ...(pck === undefined ? {} : { pck_certificate_chain: pck.item.content.body + (pck.item.content.chain ?? '') }),
  });
  try {
    parseCollateral(collateral);
  } catch (error) {
    if (!isEnclosError(error, 'ENDORSEMENTS_INVALID')) throw error;
    refuseAnswer(String(error.details['field']), error.message.replace(/\.$/, ''), error);
  }
  return collateral;
}
