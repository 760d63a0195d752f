import {
  checkCollateral,
  parseCollateral,
  softwareRoot,
  type CheckedCollateral,
  type TrustedRoot,
} from '@enclos/attestation';
import { isoSeconds } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { CollateralText } from './source.ts';

/** The machine whose pods are given the collateral. */
export interface EndorsedMachine {
  /** PEM: PCK certificate, platform CA, root. */
  readonly pckChain: string;
  readonly root: TrustedRoot;
}

export interface HeldCollateral extends CollateralText, CheckedCollateral {
  /** When the first document ends: 2026-07-01T12:00:00Z. */
  readonly nextUpdate: string;
  readonly issuedMs: number;
  readonly endsMs: number;
}

/** How far the clocks of vendor and node may be apart. */
const maxSkewMs = 3_600_000;

export async function endorsedMachine(pckChain: string, rootPem: string): Promise<EndorsedMachine> {
  return Object.freeze({ pckChain, root: await softwareRoot(rootPem) });
}

/**
 * The one of several that the vendor of this machine signed.
 * @throws AGENT_COLLATERAL_REFUSED with the reason; with several, the reason for each.
 */
export async function chooseCollateral(
  texts: readonly CollateralText[],
  machine: EndorsedMachine,
  now: Date,
): Promise<HeldCollateral> {
  const refusals: EnclosError[] = [];
  for (const text of texts) {
    try {
      return await readCandidate(text, machine, now);
    } catch (error) {
      if (!isEnclosError(error, 'AGENT_COLLATERAL_REFUSED')) throw error;
      refusals.push(error);
    }
  }
  const [first, ...others] = refusals;
  if (first !== undefined && others.length === 0) throw first;
  throw refused(refusals.map(({ message }) => message).join(' '));
}

async function readCandidate(
  { name, text }: CollateralText,
  machine: EndorsedMachine,
  now: Date,
): Promise<HeldCollateral> {
  const { nextUpdate, ...checked } = await check(name, text, machine);
  const dates = Object.values(checked.documents);
  const latestMs = Math.max(...dates.map(({ from }) => Date.parse(from)));
  if (latestMs > now.getTime() + maxSkewMs) {
    const clock = isoSeconds(now.getTime());
    throw refused(`${name} was issued at ${isoSeconds(latestMs)}, and the clock of this node says ${clock}.`);
  }
  return Object.freeze({
    name,
    text,
    ...checked,
    nextUpdate,
    issuedMs: Math.min(...dates.map(({ from }) => Date.parse(from))),
    endsMs: Date.parse(nextUpdate),
  });
}

type DatedCollateral = CheckedCollateral & Pick<HeldCollateral, 'nextUpdate'>;

async function check(name: string, text: string, { pckChain, root }: EndorsedMachine): Promise<DatedCollateral> {
  try {
    const endorsements = parseCollateral(text);
    return {
      ...(await checkCollateral(endorsements, { pckChain, roots: [root] })),
      nextUpdate: endorsements.nextUpdate,
    };
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    if (cause.code === 'ENDORSEMENTS_INVALID') throw refused(`${name} is not collateral: ${cause.message}`, cause);
    const what = `${name} is not signed by the vendor of this node, whose root is ${root.fingerprint}: ${cause.message}`;
    throw refused(what, cause);
  }
}

/**
 * Holds back what is older than what is held: a server, or someone who can write to the file, must not take back a revocation.
 * @throws AGENT_COLLATERAL_REFUSED
 */
export function requireNotOlder(next: HeldCollateral, held: HeldCollateral): void {
  for (const part of ['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity'] as const) {
    const [nextFrom, heldFrom] = [next.documents[part].from, held.documents[part].from];
    if (Date.parse(nextFrom) < Date.parse(heldFrom)) {
      throw refused(`${next.name} is of ${nextFrom}, older than what the agent holds, which is of ${heldFrom}.`);
    }
  }
}

function refused(message: string, cause?: unknown): EnclosError {
  return new EnclosError('AGENT_COLLATERAL_REFUSED', message, { cause });
}
