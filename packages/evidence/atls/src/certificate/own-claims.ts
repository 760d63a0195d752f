import { createHash } from 'node:crypto';
import { cborArray, cborBytes, cborMap, cborText, cborUnsigned } from '@enclos/codec';
import { claimName, ownTag, type OwnClaims } from './tagged-evidence.ts';

/** Our claims for a key: the report data of its quote is their SHA-256. */
export function encodeClaims(publicKey: Uint8Array, claims: OwnClaims): Uint8Array {
  const digest = createHash('sha256').update(publicKey).digest();
  return cborMap({
    [claimName.key]: cborBytes(cborArray(cborUnsigned(1), cborBytes(digest))),
    [claimName.tag]: cborText(ownTag),
    [claimName.role]: cborText(claims.role),
    [claimName.issuedAt]: cborUnsigned(Math.floor(claims.issuedAtMs / 1000)),
    ...(claims.role === 'token-signer'
      ? {
          [claimName.issuer]: cborText(claims.issuer),
          [claimName.configuration]: cborText(claims.configuration),
        }
      : {}),
  });
}

/** The report data of a quote with claims: their SHA-256, then zeros. */
export function claimsReportData(claims: Uint8Array): Uint8Array {
  const reportData = new Uint8Array(64);
  reportData.set(createHash('sha256').update(claims).digest());
  return reportData;
}
