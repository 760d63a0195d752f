import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { QuoteCollateral } from '@enclos/attestation';

/** The documents of one platform of each TEE. */
export interface PccsDocuments {
  readonly sgx: QuoteCollateral;
  readonly tdx: QuoteCollateral;
}

export interface Pccs {
  readonly url: URL;
  /** The paths that were asked for, with their queries. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A caching service on loopback in the shape of PCCS v4, which has these documents and no others. */
export async function startPccs(documents: PccsDocuments): Promise<Pccs> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(url.pathname + url.search);
    answer(url, documents, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  return Object.freeze<Pccs>({
    url: new URL(`http://127.0.0.1:${port}`),
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
}

function answer({ pathname, searchParams }: URL, { sgx, tdx }: PccsDocuments, response: ServerResponse): void {
  const platform = pathname.startsWith('/tdx/') ? tdx : sgx;
  const signed = (
    name: string,
    document: string,
    signature: string,
    [header, chain]: readonly [string, string],
  ): void => {
    response.setHeader(header, encodeURIComponent(chain));
    response.end(`{"${name}":${document},"signature":"${signature}"}`);
  };
  switch (pathname.replace(/^\/(?:sgx|tdx)\/certification\/v4/, '')) {
    case '/tcb': {
      const { tcb_info: info, tcb_info_signature: signature, tcb_info_issuer_chain: chain } = platform;
      if (fmspcOf(info) !== searchParams.get('fmspc')?.toLowerCase()) break;
      return signed('tcbInfo', info, signature, ['TCB-Info-Issuer-Chain', chain]);
    }
    case '/qe/identity': {
      const { qe_identity: identity, qe_identity_signature: signature, qe_identity_issuer_chain: chain } = platform;
      return signed('enclaveIdentity', identity, signature, ['SGX-Enclave-Identity-Issuer-Chain', chain]);
    }
    case '/rootcacrl':
      return void response.end(sgx.root_ca_crl);
    case '/pckcrl': {
      const found = [sgx, tdx].find(({ pck_crl: list }) => authorityOf(list) === searchParams.get('ca'));
      if (found === undefined) break;
      response.setHeader('SGX-PCK-CRL-Issuer-Chain', encodeURIComponent(found.pck_crl_issuer_chain));
      return void response.end(Buffer.from(found.pck_crl, 'hex'));
    }
  }
  response.writeHead(404).end();
}

function fmspcOf(tcbInfo: string): string | undefined {
  return /"fmspc":"([0-9a-fA-F]{12})"/.exec(tcbInfo)?.[1]?.toLowerCase();
}

/** Who signed a revocation list: its name stands in it as text. */
function authorityOf(list: string): 'processor' | 'platform' {
  return Buffer.from(list, 'hex').includes('PCK Platform CA') ? 'platform' : 'processor';
}
