import { UntypedRules } from '../untyped-rules.ts';
import { digestSizeBytes, pcrCount } from './tpm-quote.ts';

/** What a relying party accepts of the vTPM of an Azure VM. What it names must all hold. */
export interface AzurePolicy {
  /** Values of PCRs, by number, 32 bytes of hex each: what was booted. At least one; the quote must cover them. */
  readonly pcrs: Readonly<Record<number, readonly string[]>>;
  /** Accept only machines that the paravisor says to boot securely. */
  readonly requireSecureBoot: boolean;
  /** Accept machines with a serial console. Default: false. */
  readonly allowConsole?: boolean;
  /** Machines to accept, by their id. */
  readonly vmUniqueIds?: readonly string[];
  /** 64 bytes of hex each. */
  readonly userData?: readonly string[];
}

/** A policy that is complete and has its defaults filled in. Hex is lower case. */
export interface CompleteAzurePolicy {
  readonly pcrs: ReadonlyMap<number, readonly string[]>;
  readonly requireSecureBoot: boolean;
  readonly allowConsole: boolean;
  readonly vmUniqueIds: readonly string[] | undefined;
  readonly userData: readonly string[] | undefined;
}

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeAzurePolicy(policy: unknown): CompleteAzurePolicy {
  const rules = new UntypedRules(policy);
  const complete = {
    pcrs: readPcrs(rules.required('pcrs', rules.rules('pcrs'))),
    requireSecureBoot: rules.required('requireSecureBoot', rules.boolean('requireSecureBoot')),
    allowConsole: rules.boolean('allowConsole') ?? false,
    vmUniqueIds: rules.strings('vmUniqueIds'),
    userData: rules.hex('userData', 64),
  };
  rules.end();
  return Object.freeze(complete);
}

function readPcrs(rules: UntypedRules): ReadonlyMap<number, readonly string[]> {
  const pcrs = new Map<number, readonly string[]>();
  for (let number = 0; number < pcrCount; number++) {
    const values = rules.hex(String(number), digestSizeBytes);
    if (values !== undefined) pcrs.set(number, values);
  }
  rules.end();
  if (pcrs.size === 0) rules.incomplete('0', 'present, or another PCR');
  return pcrs;
}
