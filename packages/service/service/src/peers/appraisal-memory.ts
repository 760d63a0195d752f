import { createHash } from 'node:crypto';
import { isEnclosError } from '@enclos/errors';
import type { AppraiseCertificate, AppraisedCertificate } from './appraisal.ts';

export interface AppraisalMemoryOptions {
  readonly nowMs: () => number;
  /** Of each kind, good and refused. Default: 256. */
  readonly maximum?: number;
  /** After that a good one is appraised again, since a platform may be revoked. Default: an hour. */
  readonly goodForMs?: number;
  /** So long a good one stays good while there are no endorsements to appraise it again. Default: a day. */
  readonly graceMs?: number;
  /** So long a refused one is refused unseen. Default: a minute. */
  readonly refusedForMs?: number;
}

interface Remembered<T> {
  readonly value: T;
  readonly atMs: number;
}

/** An appraiser that remembers, by the digest of the certificate. Good ones and refused ones apart: no flood displaces the good. */
export function rememberAppraisals(
  appraise: AppraiseCertificate,
  options: AppraisalMemoryOptions,
): AppraiseCertificate {
  const { nowMs, maximum = 256, goodForMs = 3_600_000, graceMs = 86_400_000, refusedForMs = 60_000 } = options;
  const good = new Map<string, Remembered<AppraisedCertificate>>();
  const refused = new Map<string, Remembered<unknown>>();
  const under = new Map<string, Promise<AppraisedCertificate>>();
  const isWithin = (entry: Remembered<unknown> | undefined, limitMs: number): boolean => {
    const ageMs = nowMs() - (entry?.atMs ?? Number.NaN);
    return ageMs >= 0 && ageMs < limitMs;
  };
  const anew = async (key: string, certificate: Uint8Array): Promise<AppraisedCertificate> => {
    try {
      const value = await appraise(certificate);
      keep(good, key, { value, atMs: nowMs() }, maximum);
      return value;
    } catch (error) {
      const known = good.get(key);
      if (isEnclosError(error, 'SERVICE_PEER_REFUSED')) {
        good.delete(key);
        keep(refused, key, { value: error, atMs: nowMs() }, maximum);
      } else if (known !== undefined && isWithin(known, graceMs)) return known.value;
      throw error;
    }
  };
  return (certificate) => {
    const key = createHash('sha256').update(certificate).digest('base64');
    const known = good.get(key);
    if (known !== undefined && isWithin(known, goodForMs)) return Promise.resolve(known.value);
    const refusal = refused.get(key);
    if (refusal !== undefined && isWithin(refusal, refusedForMs)) return rejected(refusal.value);
    const running = under.get(key) ?? anew(key, certificate).finally(() => under.delete(key));
    under.set(key, running);
    return running;
  };
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}

/** Forgets what was put in first: what is asked for after that is appraised again. */
function keep<T>(entries: Map<string, T>, key: string, entry: T, maximum: number): void {
  entries.delete(key);
  entries.set(key, entry);
  const [oldest] = entries.keys();
  if (entries.size > maximum && oldest !== undefined) entries.delete(oldest);
}
