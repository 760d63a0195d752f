import type { Shortfall } from '../dcap/tcb/shortfall.ts';
import type { QuoteStatus } from '../dcap/tcb/tcb-status.ts';

/** What a status means to a relying party. */
export interface StatusMeaning {
  /** A few words for a heading. */
  readonly title: string;
  readonly meaning: string;
  /** What its owner, or the relying party, can do. */
  readonly next: string;
  /** `good`: nothing to do; `attention`: for a policy to weigh; `bad`: ends trust. */
  readonly grade: 'good' | 'attention' | 'bad';
}

const configuration =
  'Its owner may have to change the configuration of the platform, in the BIOS for example; accept it only if you know that this was done, or that you need not care.';
const update = 'Its owner updates what is short below, and attests again.';
const hardening =
  'Ask whether the enclave was built with the mitigations that the advisories name; accept the status together with these advisories.';

/** By status of a verdict (Intel PCS API v4, tcbStatus; QVL for those of TD 1.5). */
export const statusMeanings: Readonly<Record<QuoteStatus, StatusMeaning>> = Object.freeze({
  OK: {
    title: 'up to date',
    meaning: 'Every security version is the newest that the collateral knows.',
    next: 'Nothing.',
    grade: 'good',
  },
  SW_HARDENING_NEEDED: {
    title: 'software hardening needed',
    meaning:
      'The platform is up to date, and some advisories can only be dealt with inside the enclave’s own software.',
    next: hardening,
    grade: 'attention',
  },
  CONFIGURATION_NEEDED: {
    title: 'configuration needed',
    meaning: 'The versions are up to date, and the configuration of the platform may still expose it.',
    next: configuration,
    grade: 'attention',
  },
  CONFIGURATION_AND_SW_HARDENING_NEEDED: {
    title: 'configuration and software hardening needed',
    meaning: 'The versions are up to date; configuration and the enclave’s software may still expose it.',
    next: `${configuration} ${hardening}`,
    grade: 'attention',
  },
  OUT_OF_DATE: {
    title: 'out of date',
    meaning: 'The platform is genuine, and lacks updates that close known weaknesses.',
    next: update,
    grade: 'attention',
  },
  OUT_OF_DATE_CONFIGURATION_NEEDED: {
    title: 'out of date, configuration needed',
    meaning: 'The platform is genuine, lacks updates, and its configuration may expose it.',
    next: `${update} ${configuration}`,
    grade: 'attention',
  },
  TD_RELAUNCH_ADVISED: {
    title: 'relaunch advised',
    meaning: 'The TDX module was updated below the running trust domain, which still stands on the old launch.',
    next: 'Its owner relaunches the trust domain.',
    grade: 'attention',
  },
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED: {
    title: 'relaunch advised, configuration needed',
    meaning:
      'The TDX module was updated below the running trust domain, which still stands on the old launch, and the configuration of the platform may expose it.',
    next: `Its owner relaunches the trust domain. ${configuration}`,
    grade: 'attention',
  },
  REVOKED: {
    title: 'revoked',
    meaning: 'The vendor withdrew its trust from platforms at these versions.',
    next: 'Do not trust it. Its owner has to update before it can be trusted again.',
    grade: 'bad',
  },
  TCB_NOT_SUPPORTED: {
    title: 'below every known level',
    meaning: 'The platform does not reach even the lowest level that the collateral describes.',
    next: `Do not trust it. ${update} If it is new hardware, fetch newer collateral.`,
    grade: 'bad',
  },
});

const components: Readonly<Record<Shortfall['component'], string>> = Object.freeze({
  sgx: 'SGX TCB component',
  tdx: 'TDX TCB component',
  pce: 'Provisioning certification enclave (PCE)',
  'tdx-module': 'TDX module',
  qe: 'Quoting enclave (QE)',
});

/** The name of what is short, numbered from 1 as in the TCB info: SGX TCB component 3. */
export function shortfallName({ component, index }: Pick<Shortfall, 'component' | 'index'>): string {
  const isNumbered = component === 'sgx' || component === 'tdx';
  return isNumbered ? `${components[component]} ${index + 1}` : components[component];
}
