import type { SnpTcb, SnpVerdict } from '@enclos/attestation';
import { datesWords } from './validity.ts';

const kinds = ['current', 'reported', 'committed', 'launch'] as const;

/** What a report of SEV-SNP says, for people. */
export function snpFacts(verdict: SnpVerdict): Readonly<Record<string, string | number>> {
  const { report, product, signingKey, root, revocation, dates, verifiedAt } = verdict;
  const { tcb, policy, measurement, guestSvn, vmpl, hostData, reportData } = report;
  const words = kinds.map((kind): [string, string] => [`${kind} TCB`, tcbWords(tcb[kind])]);
  return {
    product,
    measurement,
    'guest SVN': guestSvn,
    VMPL: vmpl,
    'host data': hostData,
    debug: policy.debugAllowed ? 'yes: it keeps no secrets' : 'no',
    SMT: policy.smtAllowed ? 'allowed' : 'not allowed',
    'report data': reportData,
    ...Object.fromEntries(words),
    'signing key': signingKey.kind === 'VCEK' ? `VCEK of chip ${signingKey.hardwareId}` : `VLEK of ${signingKey.cspId}`,
    root: `AMD ${root.product} ${root.fingerprint}`,
    revocation: revocation === 'checked' ? 'checked' : 'not checked: there was no list',
    collateral: datesWords(dates),
    ...(dates.revocationList === undefined ? {} : { 'revocation list': `issued ${dates.revocationList.from}` }),
    'verified at': verifiedAt,
  };
}

function tcbWords(tcb: SnpTcb): string {
  return Object.entries(tcb)
    .map(([component, svn]) => `${component} ${svn}`)
    .join(', ');
}

/** AMD publishes no status for a TCB, so the policy compares versions. This points out what is unusual. */
export function snpAdvice({ report: { tcb } }: SnpVerdict): readonly string[] {
  return [
    'AMD gives no status to versions of its firmware: compare them with its bulletins, and set minimumTcb in a policy.',
    ...behind(tcb.committed, tcb.current, 'is not committed yet: the host can still go back to'),
    ...behind(tcb.launch, tcb.current, 'was updated since the guest was launched, with'),
  ];
}

function behind(older: SnpTcb, newer: SnpTcb, words: string): readonly string[] {
  // The keys of a TCB are its components.
  const names = Object.keys(newer) as (keyof SnpTcb)[];
  return names.flatMap((name) => {
    const [had = 0, has = 0] = [older[name], newer[name]];
    return had < has ? [`${name}: ${has} ${words} ${had} (${has - had} lower)`] : [];
  });
}

export function snpSummary({ tee, product }: SnpVerdict): Readonly<Record<string, unknown>> {
  return { status: 'GENUINE', tee, product };
}

/** The same for programs. */
export function snpJson(verdict: SnpVerdict): Readonly<Record<string, unknown>> {
  const { product, report, signingKey, chipIdHidden, root, revocation, dates, verifiedAt } = verdict;
  return {
    verdict: {
      tee: verdict.tee,
      product,
      report,
      signingKey,
      chipIdHidden,
      root: { product: root.product, fingerprint: root.fingerprint },
      revocation,
      dates,
      verifiedAt,
    },
    advice: snpAdvice(verdict),
  };
}
