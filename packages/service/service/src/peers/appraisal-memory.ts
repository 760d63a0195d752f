import { createHash } from 'node:crypto';
import { AgedMap, SharedWork } from '@enclos/bounded';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import type { AppraiseCertificate, AppraisedCertificate } from './appraisal.ts';

export interface AppraisalMemoryOptions {
  readonly nowMs: () => number;
  /** The most of each kind, good and refused. Default: 256. */
  readonly maximum?: number;
  /** After that a good one is appraised again, since a platform may be revoked. Default: an hour. */
  readonly goodForMs?: number;
  /** So long a good one stays good while there are no endorsements to appraise it again. Default: a day. */
  readonly graceMs?: number;
  /** So long a refused one is refused unseen. Default: a minute. */
  readonly refusedForMs?: number;
}

/** An appraiser that remembers, by the digest of the certificate. Good ones and refused ones apart: no flood displaces the good. */
export function rememberAppraisals(
  appraise: AppraiseCertificate,
  options: AppraisalMemoryOptions,
): AppraiseCertificate {
  const { nowMs, maximum = 256, goodForMs = 3_600_000, graceMs = 86_400_000, refusedForMs = 60_000 } = options;
  const good = new AgedMap<AppraisedCertificate>(maximum, goodForMs);
  const refused = new AgedMap<EnclosError>(maximum, refusedForMs);
  const underWay = new SharedWork<AppraisedCertificate>();
  const anew = async (key: string, certificate: Uint8Array): Promise<AppraisedCertificate> => {
    try {
      const value = await appraise(certificate);
      good.set(key, value, nowMs());
      return value;
    } catch (error) {
      if (isEnclosError(error, 'SERVICE_PEER_REFUSED')) {
        good.delete(key);
        refused.set(key, error, nowMs());
        throw error;
      }
      const known = good.get(key, nowMs(), graceMs);
      if (known === undefined) throw error;
      return known;
    }
  };
  return async (certificate) => {
    const key = createHash('sha256').update(certificate).digest('base64');
    const known = good.get(key, nowMs());
    if (known !== undefined) return known;
    const refusal = refused.get(key, nowMs());
    if (refusal !== undefined) throw refusal;
    return underWay.join(() => anew(key, certificate), key);
  };
}
