import { utf8 } from '@enclos/codec';

/** One certificate in PEM (RFC 7468), lines of 64 characters, a line break at the end. */
export function pem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const base64 = Buffer.from(der).toString('base64');
  return `-----BEGIN ${label}-----\n${base64.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END ${label}-----\n`;
}

export function pemChain(chain: readonly Uint8Array[]): string {
  return chain.map((der) => pem(der)).join('');
}

/** A chain as quotes carry it: PEM with the NUL of a C string. */
export function pemCertificationData(chain: readonly Uint8Array[]): Uint8Array {
  return utf8(`${pemChain(chain)}\0`);
}
