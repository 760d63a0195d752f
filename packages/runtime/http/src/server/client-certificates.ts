import type { TLSSocket } from 'node:tls';

export interface ClientCertificates {
  readonly leaf: Uint8Array | undefined;
  readonly chain: readonly Uint8Array[];
}

const nobody: ClientCertificates = Object.freeze({ leaf: undefined, chain: Object.freeze([]) });
const maxChain = 10;

/**
 * The certificates of a connection's client, in DER. TLS has verified its signature with the key of the first one (RFC 8446
 * section 4.4.3), and nothing else.
 */
export function clientCertificatesOf(socket: TLSSocket | undefined): ClientCertificates {
  const leaf = socket?.getPeerX509Certificate();
  if (leaf === undefined) return nobody;
  const chain: Uint8Array[] = [];
  for (let at = leaf.issuerCertificate; at !== undefined && chain.length < maxChain; at = at.issuerCertificate) {
    chain.push(new Uint8Array(at.raw));
  }
  return Object.freeze({ leaf: new Uint8Array(leaf.raw), chain: Object.freeze(chain) });
}
