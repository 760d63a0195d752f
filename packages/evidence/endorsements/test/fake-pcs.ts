import type { QuoteCollateral } from '@enclos/attestation';
import type { Handler } from './support.ts';

export type CrlEncoding = 'der' | 'pem' | 'hex' | 'base64';

export interface FakeOptions {
  readonly crls?: CrlEncoding;
  /** Replaces the answer of one path. */
  readonly replace?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
}

/** A service in the shape of PCS v4, a PCCS and both of Azure's, that has the collateral of one platform. */
export function fakePcs(collateral: QuoteCollateral, { crls = 'der', replace = {} }: FakeOptions = {}): Handler {
  const signed = (name: string, document: string, signature: string, chain: [string, string]): Response =>
    new Response(`{"${name}":${document},"signature":"${signature}"}`, {
      headers: { 'Content-Type': 'application/json', [chain[0]]: encodeURIComponent(chain[1]) },
    });
  const crl = (hexText: string, chain?: string): Response =>
    new Response(encodeCrl(hexText, crls), {
      headers: chain === undefined ? {} : { 'SGX-PCK-CRL-Issuer-Chain': encodeURIComponent(chain) },
    });
  return (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const replaced = Object.entries(replace).find(([path]) => pathname.endsWith(path));
    if (replaced !== undefined) return replaced[1](request);
    if (pathname.endsWith('/tcb')) {
      const { tcb_info: document, tcb_info_signature: signature, tcb_info_issuer_chain: chain } = collateral;
      return signed('tcbInfo', document, signature, ['TCB-Info-Issuer-Chain', chain]);
    }
    if (pathname.endsWith('/qe/identity')) {
      const { qe_identity: document, qe_identity_signature: signature, qe_identity_issuer_chain: chain } = collateral;
      return signed('enclaveIdentity', document, signature, ['SGX-Enclave-Identity-Issuer-Chain', chain]);
    }
    const isRoot = pathname.endsWith('/rootcacrl') || (searchParams.get('uri') ?? pathname).includes('RootCA');
    if (isRoot) return crl(collateral.root_ca_crl);
    if (pathname.endsWith('/pckcrl')) return crl(collateral.pck_crl, collateral.pck_crl_issuer_chain);
    return new Response('no', { status: 404 });
  };
}

export function encodeCrl(hexText: string, encoding: CrlEncoding): Uint8Array<ArrayBuffer> | string {
  const der = Uint8Array.from(Buffer.from(hexText, 'hex'));
  if (encoding === 'der') return der;
  if (encoding === 'hex') return hexText;
  const base64 = Buffer.from(der).toString('base64');
  if (encoding === 'base64') return base64;
  return `-----BEGIN X509 CRL-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END X509 CRL-----\n`;
}
