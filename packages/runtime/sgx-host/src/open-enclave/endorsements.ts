import { JsonRecord, parseJson, string } from '@enclos/codec/json';

/** What a platform's endorsements may take, in characters. */
const MAX_CHARACTERS = 262_144;

/** The parts of endorsements, each a C string, by the names that the SDK's EDL file has for their buffers. */
export type EndorsementItems = Readonly<Record<string, Uint8Array>>;

/**
 * Endorsements as Intel's library hands them to Open Enclave: signed documents with their signatures around them again, revocation
 * lists in hex, a NUL after each (host/sgx/sgxquoteprovider.c).
 *
 * @param text JSON in the shape of QuoteCollateralV3
 * @throws CODEC_INVALID, CODEC_TRUNCATED and others for what is not of this shape
 */
export function endorsementItems(text: string): EndorsementItems {
  const record = new JsonRecord(parseJson(text, MAX_CHARACTERS), 'endorsements');
  const item = (name: string): string => record.required(name, string(MAX_CHARACTERS));
  const signed = (member: string, name: string): string =>
    `{"${member}":${item(name)},"signature":"${item(`${name}_signature`)}"}`;
  const texts = {
    tcb_info: signed('tcbInfo', 'tcb_info'),
    tcb_info_issuer_chain: item('tcb_info_issuer_chain'),
    pck_crl: item('pck_crl'),
    root_ca_crl: item('root_ca_crl'),
    pck_crl_issuer_chain: item('pck_crl_issuer_chain'),
    qe_identity: signed('enclaveIdentity', 'qe_identity'),
    qe_identity_issuer_chain: item('qe_identity_issuer_chain'),
  };
  const encoder = new TextEncoder();
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, encoder.encode(`${value}\0`)]));
}
