import { leafFirst } from '@enclos/codec/x509';
import { isoSeconds } from '@enclos/codec/json';
import { equalBytes, fromHex, toHex } from '@enclos/codec';
import { maximumCrlBytes, readRevocationListShape } from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import {
  checkNames,
  decodeChain,
  longestChain,
  readEndorsementCertificate,
  type EndorsementCertificate,
} from './certificates.ts';
import { orRefuseAnswer } from './refusal.ts';
import type { ItemRequest } from './request.ts';
import { checkSnpCertificate } from './snp/snp-certificate.ts';
import { readSignedDocument, type DocumentFacts } from './signed-document.ts';

/** An item as text, whatever form its source sends it in. */
export interface ItemContent {
  /** Signed JSON as it was served; revocation lists as hex of DER; certificates as PEM. */
  readonly body: string;
  /** PEM: the chain of its issuer, up to and including the root. */
  readonly chain?: string;
}

/** What an item says of itself. Nothing of it is verified. Dates are like 2025-06-19T10:56:11Z. */
export interface ItemFacts extends DocumentFacts {
  /** The public key of the root in the chain: what belongs together has one. Hex. */
  readonly rootKey?: string;
  /** The name that an issuer of this item has, and the name of the root. Hex of DER. */
  readonly issuer?: string;
  readonly rootName?: string;
}

/**
 * Reads an item, and checks that it answers its request: form, dates, the
 * platform, the baseline, and that the names of its chain belong together.
 * Signatures are for the verifier.
 *
 * @throws ENDORSEMENTS_ANSWER_INVALID; `details.rule` says what is wrong.
 */
export function readItem(request: ItemRequest, content: ItemContent): ItemFacts {
  return orRefuseAnswer(request.text, () => {
    const facts = readers[request.kind](request, content);
    if (facts.expiresAt < facts.issuedAt) throw invalid('it ends before it begins');
    return Object.freeze(facts);
  });
}

/** The certificates of a chain, each issued in the name of the next. @throws a CODEC error. */
export function readChain(pem: string): readonly EndorsementCertificate[] {
  const chain = readCertificates(pem);
  checkNames(chain);
  return chain;
}

/** As `readChain`, of a chain in any order: quotes carry theirs in several. @throws a CODEC error. */
export function readChainInAnyOrder(pem: string): readonly EndorsementCertificate[] {
  const chain = leafFirst(readCertificates(pem), (issued, issuer) => equalBytes(issued.issuer, issuer.subject));
  checkNames(chain);
  return chain;
}

function readCertificates(pem: string): readonly EndorsementCertificate[] {
  return decodeChain(pem, longestChain).map(readEndorsementCertificate);
}

type Reader = (request: ItemRequest, content: ItemContent) => ItemFacts;

const readers: Readonly<Record<ItemRequest['kind'], Reader>> = {
  'tcb-info': readSignedJson,
  'qe-identity': readSignedJson,
  'evaluation-numbers': readSignedJson,
  'pck-crl': (request, content) => readPckCrl(request, content),
  'root-crl': (_request, { body }) => readCrl(body),
  'pck-certificate': (_request, content) => readIssued(content, 3),
  'snp-certificate': (request, content) => readSnp(request, content),
  'snp-chain': (request, { body }) => readSnpChain(request, body),
  'snp-crl': (_request, { body }) => readCrl(body),
};

function readSignedJson(request: ItemRequest, { body, chain }: ItemContent): ItemFacts {
  return { ...readSignedDocument(request, body), ...issuers(chain, 2) };
}

function readPckCrl({ parameters: { ca } }: ItemRequest, { body, chain }: ItemContent): ItemFacts {
  const list = readCrl(body);
  const issued = issuers(chain, 2);
  if (list.issuer !== issued.issuer) throw invalid('the list is not of the CA in its chain');
  const named = issued.commonName.toLowerCase().includes(ca ?? '');
  if (!named) throw invalid(`the list is of another CA than ${ca}`);
  return { ...list, ...issued };
}

function readCrl(hexText: string): ItemFacts {
  if (hexText.length > 2 * maximumCrlBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A revocation list too large.');
  const { issuer, thisUpdateMs, nextUpdateMs } = readRevocationListShape(fromHex(hexText));
  return { issuedAt: isoSeconds(thisUpdateMs), expiresAt: isoSeconds(nextUpdateMs), issuer: toHex(issuer) };
}

/** A certificate and its issuers, `length` of them together. */
function readIssued(
  { body, chain }: ItemContent,
  length: number,
): ItemFacts & { readonly leaf: EndorsementCertificate } {
  const certificates = readChain(body + (chain ?? ''));
  const [leaf] = certificates;
  if (leaf === undefined || certificates.length !== length) {
    throw invalid(`a chain of ${certificates.length} certificates`);
  }
  return { leaf, ...datesOf(certificates), ...rootOf(certificates) };
}

function readSnp(request: ItemRequest, content: ItemContent): ItemFacts {
  if (content.chain !== undefined) {
    const { leaf, ...facts } = readIssued(content, 3);
    checkSnpCertificate(request, leaf);
    return facts;
  }
  const [block, ...others] = decodeChain(content.body, 2);
  if (block === undefined || others.length > 0) throw invalid('not one certificate');
  const leaf = readEndorsementCertificate(block);
  checkSnpCertificate(request, leaf);
  return { ...datesOf([leaf]), issuer: toHex(leaf.issuer) };
}

function readSnpChain({ parameters: { product = '' } }: ItemRequest, body: string): ItemFacts {
  const certificates = readChain(body);
  if (certificates.length !== 2) throw invalid(`a chain of ${certificates.length} certificates`);
  if (certificates.some(({ commonName }) => !commonName.endsWith(product))) {
    throw invalid(`not the chain of ${product}`);
  }
  return { ...datesOf(certificates), ...rootOf(certificates), issuer: hexOf(certificates[0]?.subject) };
}

function issuers(
  chain: string | undefined,
  length: number,
): { readonly rootKey: string; readonly rootName: string; readonly issuer: string; readonly commonName: string } {
  if (chain === undefined) throw invalid('the chain of its issuer is missing');
  const certificates = readChain(chain);
  const [first] = certificates;
  if (first === undefined || certificates.length !== length) {
    throw invalid(`a chain of ${certificates.length} certificates`);
  }
  return { ...rootOf(certificates), issuer: toHex(first.subject), commonName: first.commonName };
}

function rootOf(chain: readonly EndorsementCertificate[]): { readonly rootKey: string; readonly rootName: string } {
  const root = chain.at(-1);
  return { rootKey: hexOf(root?.publicKey), rootName: hexOf(root?.subject) };
}

function hexOf(bytes: Uint8Array = new Uint8Array()): string {
  return toHex(bytes);
}

function datesOf(certificates: readonly EndorsementCertificate[]): Pick<ItemFacts, 'issuedAt' | 'expiresAt'> {
  const issued = Math.max(...certificates.map(({ notBeforeMs }) => notBeforeMs));
  const expires = Math.min(...certificates.map(({ notAfterMs }) => notAfterMs));
  return { issuedAt: isoSeconds(issued), expiresAt: isoSeconds(expires) };
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', what);
}
