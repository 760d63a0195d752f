import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { decodeChainHeader, readAnswer } from '../src/answer.ts';
import { readItem } from '../src/item.ts';
import { itemRequest } from '../src/request.ts';
import { sampleCollateral } from './sample.ts';

const { collateral, fmspc } = sampleCollateral;
const chain = encodeURIComponent(collateral.tcb_info_issuer_chain);
const url = new URL('http://127.0.0.1');
const requests = [
  [itemRequest('tcb-info', { tee: 'sgx', fmspc, baseline: 'standard' }), 'json'],
  [itemRequest('qe-identity', { tee: 'sgx', baseline: 'standard' }), 'json'],
  [itemRequest('evaluation-numbers', { tee: 'sgx' }), 'json'],
  [itemRequest('pck-crl', { ca: 'platform' }), 'crl'],
  [itemRequest('snp-chain', { product: 'Milan', 'signing-key': 'vcek' }), 'pem'],
  [itemRequest('snp-crl', { product: 'Milan', 'signing-key': 'vcek' }), 'crl'],
] as const;

export const seeds: readonly Uint8Array[] = [
  utf8(`{"tcbInfo":${collateral.tcb_info},"signature":"${collateral.tcb_info_signature}"}`),
  utf8(`{"enclaveIdentity":${collateral.qe_identity},"signature":"${collateral.qe_identity_signature}"}`),
  Uint8Array.from(Buffer.from(collateral.pck_crl, 'hex')),
  utf8(collateral.pck_crl),
  utf8(collateral.tcb_info_issuer_chain),
  utf8(chain),
];

/** Bodies in every form, and the header of a chain. */
export function fuzz(data: Uint8Array): void {
  const attempts = requests.map(([request, form]) => () => {
    const route = { url, form, chainHeaders: ['X-Chain'] };
    readItem(request, readAnswer(request.text, route, { header: () => chain, body: data }));
  });
  for (const attempt of [...attempts, () => decodeChainHeader(new TextDecoder('latin1').decode(data))]) {
    try {
      attempt();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
