import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EnclosError } from '@enclos/errors';
import { issueAuthority, issueServing, type Identity } from './issue.ts';

/** What is kept of an authority from one run to the next. */
export interface Authority {
  /** The one that signs. */
  readonly current: Identity;
  /** Trusted already, and signs from the next serving certificate on. */
  readonly next?: Identity;
  /** Signed before, and stays trusted until it ends. A certificate. */
  readonly previous?: string;
  readonly serving: Identity;
}

export interface RotateOptions {
  readonly now: Date;
  /** For the subject of an authority. */
  readonly name: string;
  readonly dnsNames: readonly string[];
  /** A new serving certificate whether or not it is time. */
  readonly renew: boolean;
}

export type Change = 'authority-made' | 'authority-announced' | 'authority-replaced' | 'serving-made';

export interface Rotation {
  readonly authority: Authority;
  /** In their order; empty when nothing was due. */
  readonly changes: readonly Change[];
}

const authorityDays = 5 * 365;
const announceDays = 365;
const servingDays = 90;
const renewDays = 30;
const dayMs = 24 * 60 * 60_000;

/**
 * Does what is due. A new authority is trusted one serving certificate before it signs, so an API server that has
 * the bundle of the last run trusts what this run signs.
 * @throws ADMISSION_AUTHORITY_REFUSED
 */
export async function rotate(kept: Partial<Authority>, options: RotateOptions): Promise<Rotation> {
  const { now, name, dnsNames, renew } = options;
  const changes: Change[] = [];
  const make = (): Promise<Identity> => issueAuthority(name, { now, days: authorityDays });
  let { current, next, previous } = checked(kept);
  const hasEnded = current === undefined || daysLeft(current.cert, now) <= 0;
  const isDue = renew || hasEnded || !fits(kept.serving, { current, previous, now, dnsNames });
  if (isDue && next !== undefined) {
    [previous, current, next] = [current?.cert, next, undefined];
    changes.push('authority-replaced');
  }
  if (current === undefined || daysLeft(current.cert, now) <= 0) {
    current = await make();
    changes.push('authority-made');
  }
  if (daysLeft(current.cert, now) < announceDays && next === undefined) {
    next = await make();
    changes.push('authority-announced');
  }
  if (previous !== undefined && daysLeft(previous, now) <= 0) previous = undefined;
  let { serving } = kept;
  if (isDue || serving === undefined) {
    serving = await issueServing(dnsNames, current, { now, days: servingDays });
    changes.push('serving-made');
  }
  return {
    authority: {
      current,
      serving,
      ...(next === undefined ? {} : { next }),
      ...(previous === undefined ? {} : { previous }),
    },
    changes,
  };
}

/** What API servers are to trust: the caBundle, in PEM. */
export function bundleOf({ previous, current, next }: Authority): string {
  return [current.cert, next?.cert, previous].filter((cert) => cert !== undefined).join('');
}

interface ExpectedAuthority {
  readonly current: Identity | undefined;
  readonly previous: string | undefined;
  readonly now: Date;
  readonly dnsNames: readonly string[];
}

/** Whether a serving certificate can stay. One that cannot be read is made anew: nothing is lost with it. */
function fits(serving: Identity | undefined, { current, previous, now, dnsNames }: ExpectedAuthority): boolean {
  if (serving === undefined) return false;
  const { cert, key } = serving;
  try {
    const certificate = new X509Certificate(cert);
    const isTrusted = [current?.cert, previous].some(
      (issuer) => issuer !== undefined && certificate.verify(new X509Certificate(issuer).publicKey),
    );
    return (
      isTrusted &&
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
      daysLeft(cert, now) > renewDays
    );
  } catch {
    return false;
  }
}

function checked(kept: Partial<Authority>): { current?: Identity; next?: Identity; previous?: string } {
  const { current, next, previous } = kept;
  for (const identity of [current, next]) if (identity !== undefined) checkAuthority(identity);
  if (previous !== undefined) openCertificate(previous);
  // A run that was cut off while the next one became the current one.
  const isSame = next !== undefined && next.cert === current?.cert;
  return {
    ...(current === undefined ? {} : { current }),
    ...(next === undefined || isSame ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
  };
}

function checkAuthority({ cert, key }: Identity): void {
  const certificate = openCertificate(cert);
  try {
    if (certificate.ca && certificate.checkPrivateKey(createPrivateKey(key))) return;
  } catch {
    // No private key at all: refused below, as one of another certificate is.
  }
  throw new EnclosError('ADMISSION_AUTHORITY_REFUSED', 'A key of the authority is not that of its certificate.');
}

function openCertificate(cert: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch {
    throw new EnclosError('ADMISSION_AUTHORITY_REFUSED', 'A certificate of the authority cannot be read.');
  }
}

function daysLeft(cert: string, now: Date): number {
  return (Date.parse(openCertificate(cert).validTo) - now.getTime()) / dayMs;
}
