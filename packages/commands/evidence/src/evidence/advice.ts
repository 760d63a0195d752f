import type { QuoteStatus, QuoteVerdict, Shortfall } from '@enclos/attestation';

const dayMs = 86_400_000;

/** The meaning of each status, and what to do about it. */
const meanings: Readonly<Record<QuoteStatus, string>> = {
  OK: 'The platform is up to date.',
  SW_HARDENING_NEEDED:
    'The platform is up to date, but known attacks need countermeasures in the code inside: ask its author whether it has them for each advisory, then list those in acceptedAdvisoryIds.',
  CONFIGURATION_NEEDED:
    'The platform is up to date, but set up in a way that leaves it open: change the setting that the advisories name (in the firmware, often simultaneous multithreading), or list them in acceptedAdvisoryIds.',
  CONFIGURATION_AND_SW_HARDENING_NEEDED:
    'The platform is up to date, but set up in a way that leaves it open, and known attacks need countermeasures in the code inside: see the advisories.',
  OUT_OF_DATE: 'The platform is out of date: update what is short, and attest again.',
  OUT_OF_DATE_CONFIGURATION_NEEDED:
    'The platform is out of date, and set up in a way that leaves it open: update what is short, and change the setting that the advisories name.',
  REVOKED: 'The vendor revoked this TCB level: its secrets may be known. Trust nothing of it.',
  TCB_NOT_SUPPORTED:
    'The platform is below every level that the vendor knows. Update what is short; if nothing is, the collateral is for another platform.',
  TD_RELAUNCH_ADVISED:
    'The TDX module was updated below this trust domain, which was launched before: launch it anew. Nothing else has to be updated.',
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
    'The TDX module was updated below this trust domain, which was launched before: launch it anew, and change the setting that the advisories name.',
};

/** The same of a software platform: its components are the generation of its software, and the mode of its isolation. */
const softwareMeanings: Readonly<Partial<Record<QuoteStatus, string>>> = {
  CONFIGURATION_NEEDED:
    'The software platform runs in single-user mode, where its user could read everything: run it separated (`enclos platform serve --separated`), or list the advisory in acceptedAdvisoryIds.',
  OUT_OF_DATE:
    'The software platform is of an older generation than its vendor publishes: update it, and enrol it again.',
  OUT_OF_DATE_CONFIGURATION_NEEDED:
    'The software platform is of an older generation than its vendor publishes, and runs in single-user mode: update it, enrol it again, and run it separated.',
};

const components: Readonly<Record<Shortfall['component'], string>> = {
  sgx: 'SGX TCB component',
  tdx: 'TDX TCB component',
  pce: 'provisioning certification enclave',
  'tdx-module': 'TDX module',
  qe: 'quoting enclave',
};

const remedies: Readonly<Record<Shortfall['component'], string>> = {
  sgx: 'update the firmware (BIOS) and its microcode',
  tdx: 'update the firmware (BIOS), the SEAM loader and the TDX module',
  pce: 'update the provisioning certification enclave of the host (its DCAP packages), and fetch its PCK certificate anew',
  'tdx-module': 'update the TDX module of the host',
  qe: 'update the quoting enclave of the host (its DCAP packages)',
};

/** Intel's categories tell where the update comes from. */
function remedyFor({ component, category }: Shortfall): string {
  if (category === 'BIOS') return 'update the firmware (BIOS) of the host';
  if (category?.startsWith('OS') === true) return 'update it with the operating system of the host';
  return remedies[component];
}

/** One component that is short: `TDX module: has 5, needs 11 (6 short); update the TDX module of the host`. */
function describeShortfall({ component, index, has, needs, category, type }: Shortfall, remedy: string): string {
  const indexed = component === 'sgx' || component === 'tdx';
  const words = [category, type].filter((word) => word !== undefined && word !== '').join(', ');
  const name = `${components[component]}${indexed ? ` ${index + 1}` : ''}${words === '' ? '' : ` (${words})`}`;
  return `${name}: has ${has}, needs ${needs} (${needs - has} short)${remedy}`;
}

/** What a verdict means and what to do, in sentences; then each component that is short of the newest level. */
export function adviceFor(verdict: QuoteVerdict): readonly string[] {
  const { status, shortfall, root } = verdict;
  const isSoftware = root.kind === 'software';
  const meaning = (isSoftware ? softwareMeanings[status] : undefined) ?? meanings[status];
  if (status.startsWith('TD_RELAUNCH')) {
    return [meaning, ...shortfall.map((short) => `At launch, ${describeShortfall(short, '')}`)];
  }
  const isBehind = status === 'OK' && shortfall.length > 0;
  return [
    meaning,
    ...(isBehind ? ['It is below the newest level, which its vendor does not ask for yet:'] : []),
    ...shortfall.map((short) => describeShortfall(short, isSoftware ? '' : `; ${remedyFor(short)}`)),
  ];
}

export interface CollateralAge {
  /** The lower one of TCB info and QE identity. */
  readonly evaluationNumber: number;
  /** For each document, when it was issued, and how many whole days before the time of verification. */
  readonly documents: Readonly<
    Record<(typeof documents)[number], { readonly issued: string; readonly ageDays: number }>
  >;
}

const documents = ['tcbInfo', 'qeIdentity', 'pckCrl', 'rootCrl'] as const;

export function collateralAge({ collateral, verifiedAt, tcbEvaluationDataNumbers }: QuoteVerdict): CollateralAge {
  const { tcbInfo, qeIdentity } = tcbEvaluationDataNumbers;
  const ageOf = (part: (typeof documents)[number]): { readonly issued: string; readonly ageDays: number } => {
    const issued = collateral.parts[part].from;
    return { issued, ageDays: Math.floor((Date.parse(verifiedAt) - Date.parse(issued)) / dayMs) };
  };
  return {
    evaluationNumber: Math.min(tcbInfo, qeIdentity),
    documents: {
      tcbInfo: ageOf('tcbInfo'),
      qeIdentity: ageOf('qeIdentity'),
      pckCrl: ageOf('pckCrl'),
      rootCrl: ageOf('rootCrl'),
    },
  };
}
