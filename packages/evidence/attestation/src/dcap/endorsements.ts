import { maximumCrlBytes, type RevocationList } from '@enclos/codec/x509';
import { parseP256Certificate, type P256Certificate, parseP256RevocationList } from '../x509/p256-certificate.ts';
import { beginsLikePem } from '@enclos/codec/pem';
import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isJsonObject, isoSeconds, parseJson } from '@enclos/codec/json';
import { leafFirst } from '@enclos/codec/x509';
import { namesMatch } from '../x509/chain-rules.ts';
import {
  maximumCachedCollateral,
  type EndorsementParts,
  type Endorsements,
  type QuoteCollateral,
} from './collateral.ts';
import { isUnsupportedVersion, parseEnclaveIdentity } from './tcb/enclave-identity.ts';
import { decodeCertificates } from '../x509/pem.ts';
import { misused, orRefuse, refuseEndorsements, type RefusalStatus } from '../refusal/refusal.ts';
import { signedBody } from './tcb/signed-body.ts';
import { parseTcbInfo } from './tcb/tcb-info.ts';
import { cachePartsOf, type VerifierCache } from './verifier-cache.ts';

type Field = keyof QuoteCollateral;

const made = new WeakMap<object, EndorsementParts>();
/** Intel's collateral is under 40 KiB. */
const maximumTextLength = 4_194_304;

/**
 * Parses collateral: an object of the shape `QuoteCollateral`, or the JSON text
 * of one. Other members are ignored. Can be kept and used for many quotes.
 *
 * The chain beside the PCK CRL is read but not used: a CRL must be signed by
 * the CA that issued the PCK certificate itself (QVL does the same).
 *
 * @param options `cache`: a shared one unless given. Collateral of the same content is parsed once.
 * @throws ENDORSEMENTS_INVALID; `details.field` and `details.status` say which part and what of it.
 */
export function parseCollateral(json: unknown, options: { readonly cache?: VerifierCache } = {}): Endorsements {
  const { collateral, collateralTexts } = cachePartsOf(options.cache);
  const knownText = typeof json === 'string' ? collateralTexts.get(json) : undefined;
  if (knownText !== undefined) return knownText;
  const fields = readFields(typeof json === 'string' ? parseText(json) : json);
  let endorsements = collateral.get(fields);
  if (endorsements === undefined) {
    endorsements = parseFields(fields);
    collateral.set(fields, endorsements);
  }
  if (typeof json === 'string' && json.length <= maximumCachedCollateral) collateralTexts.set(json, endorsements);
  return endorsements;
}

function parseFields(fields: QuoteCollateral): Endorsements {
  const { pck_certificate_chain: pckChain } = fields;
  parseChain(fields.pck_crl_issuer_chain, 'pck_crl_issuer_chain');
  const tcbInfoChain = parseChain(fields.tcb_info_issuer_chain, 'tcb_info_issuer_chain');
  // Intel serves both under one chain.
  const isSameChain = fields.qe_identity_issuer_chain === fields.tcb_info_issuer_chain;
  return makeEndorsements({
    rootCrl: parseCrl(fields.root_ca_crl, 'root_ca_crl'),
    pckCrl: parseCrl(fields.pck_crl, 'pck_crl'),
    tcbInfoChain,
    tcbInfo: orRefuse(
      () => signedBody(fields.tcb_info, fields.tcb_info_signature, parseTcbInfo),
      (cause) => refuseEndorsements('tcb_info', tcbInfoStatus(cause), cause.message, cause),
    ),
    qeIdentityChain: isSameChain
      ? tcbInfoChain
      : parseChain(fields.qe_identity_issuer_chain, 'qe_identity_issuer_chain'),
    qeIdentity: orRefuse(
      () => signedBody(fields.qe_identity, fields.qe_identity_signature, parseEnclaveIdentity),
      (cause) => refuseEndorsements('qe_identity', identityStatus(cause), cause.message, cause),
    ),
    ...(pckChain === undefined ? {} : { pckChain: parseChain(pckChain, 'pck_certificate_chain') }),
  });
}

function makeEndorsements(parts: Omit<EndorsementParts, 'identity'>): Endorsements {
  const { rootCrl, pckCrl, tcbInfo, qeIdentity } = parts;
  const documents = [tcbInfo.value, qeIdentity.value];
  const updates = documents.map(({ nextUpdate }) => Date.parse(nextUpdate));
  // The brand exists for the compiler only; `made` is what holds at run time.
  const endorsements = Object.freeze({
    fmspc: tcbInfo.value.fmspc,
    tcbEvaluationDataNumber: Math.min(...documents.map(({ tcbEvaluationDataNumber: number }) => number)),
    nextUpdate: isoSeconds(Math.min(rootCrl.nextUpdateMs, pckCrl.nextUpdateMs, ...updates)),
  }) as Endorsements;
  made.set(endorsements, Object.freeze({ identity: {}, ...parts }));
  return endorsements;
}

/** @throws VERIFIER_MISUSED for an object that `parseCollateral` did not make: its parts might not belong together. */
export function partsOf(endorsements: Endorsements): EndorsementParts {
  return made.get(endorsements) ?? misused('The endorsements are not a result of parseCollateral.');
}

function parseText(text: string): unknown {
  const malformed = (cause: EnclosError): never =>
    refuseEndorsements('collateral', 'MISSING_PARAMETERS', cause.message, cause);
  return orRefuse(() => {
    const value = parseJson(text, maximumTextLength);
    if (!isJsonObject(value)) throw new EnclosError('CODEC_INVALID', 'Collateral is a JSON object.');
    return value;
  }, malformed);
}

function readFields(source: unknown): QuoteCollateral {
  if (typeof source !== 'object' || source === null) {
    refuseEndorsements('collateral', 'MISSING_PARAMETERS', 'Collateral is an object.');
  }
  const optional = (field: Field): string | undefined => {
    const value: unknown = Reflect.get(source, field);
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string'
      ? value
      : refuseEndorsements(field, 'MISSING_PARAMETERS', `${field} is not a string.`);
  };
  const required = (field: Field): string =>
    optional(field) ?? refuseEndorsements(field, 'MISSING_PARAMETERS', `${field} is missing.`);
  const pckChain = optional('pck_certificate_chain');
  return {
    pck_crl_issuer_chain: required('pck_crl_issuer_chain'),
    root_ca_crl: required('root_ca_crl'),
    pck_crl: required('pck_crl'),
    tcb_info_issuer_chain: required('tcb_info_issuer_chain'),
    tcb_info: required('tcb_info'),
    tcb_info_signature: required('tcb_info_signature'),
    qe_identity_issuer_chain: required('qe_identity_issuer_chain'),
    qe_identity: required('qe_identity'),
    qe_identity_signature: required('qe_identity_signature'),
    ...(pckChain === undefined ? {} : { pck_certificate_chain: pckChain }),
  };
}

function parseChain(pem: string, field: Field): readonly P256Certificate[] {
  return orRefuse(
    () => leafFirst(decodeCertificates(pem).map(parseP256Certificate), namesMatch),
    (cause) => refuseEndorsements(field, 'UNSUPPORTED_CERT_FORMAT', cause.message, cause),
  );
}

function parseCrl(hex: string, field: Field): RevocationList {
  return orRefuse(
    () => parseP256RevocationList(decodeHex(hex)),
    (cause) => refuseEndorsements(field, 'SGX_CRL_UNSUPPORTED_FORMAT', cause.message, cause),
  );
}

/** Bounded before it is decoded. */
function decodeHex(hex: string): Uint8Array {
  if (hex.length > 2 * maximumCrlBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A revocation list over ${maximumCrlBytes} bytes.`);
  }
  if (beginsLikePem(hex)) throw new EnclosError('CODEC_INVALID', 'Hex of DER is wanted, and this is PEM.');
  return fromHex(hex);
}

function tcbInfoStatus(cause: EnclosError): RefusalStatus {
  return cause.code === 'CODEC_TRUNCATED' ? 'SGX_TCB_INFO_UNSUPPORTED_FORMAT' : 'SGX_TCB_INFO_INVALID';
}

function identityStatus(cause: EnclosError): RefusalStatus {
  if (isUnsupportedVersion(cause)) return 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_VERSION';
  return cause.code === 'CODEC_TRUNCATED' ? 'SGX_ENCLAVE_IDENTITY_UNSUPPORTED_FORMAT' : 'SGX_ENCLAVE_IDENTITY_INVALID';
}
