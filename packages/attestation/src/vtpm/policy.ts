import { incomplete, readRules, requireRules, type Required } from '../complete-policy.ts';
import { boolean, hexes, nested, texts, type Rule } from '../policy-rules.ts';
import { digestSizeBytes, pcrCount } from './tpm-quote.ts';

/** What a relying party accepts of the vTPM of an Azure VM. What it names must all hold. It can be written as JSON. */
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

const pcrRules: Readonly<Record<string, Rule<readonly string[]>>> = Object.fromEntries(
  Array.from({ length: pcrCount }, (_, number) => [String(number), hexes(digestSizeBytes)]),
);

const azureRules = {
  pcrs: nested(pcrRules, []),
  requireSecureBoot: boolean,
  allowConsole: boolean,
  vmUniqueIds: texts,
  userData: hexes(64),
};

const mandatory = ['pcrs', 'requireSecureBoot'] as const;

/** A policy that is complete and checked. Hex is lower case; PCRs are by number. */
export type CompleteAzurePolicy = Omit<Required<typeof azureRules, (typeof mandatory)[number]>, 'pcrs'> & {
  readonly pcrs: ReadonlyMap<number, readonly string[]>;
};

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeAzurePolicy(policy: unknown): CompleteAzurePolicy {
  const rules = requireRules(readRules(policy, azureRules), mandatory);
  const pcrs = new Map<number, readonly string[]>();
  for (const [number, values] of Object.entries(readRules(rules.pcrs, pcrRules, 'pcrs.'))) {
    if (values !== undefined) pcrs.set(Number(number), values);
  }
  if (pcrs.size === 0) throw incomplete('pcrs.0', 'present, or another PCR');
  return Object.freeze({ ...rules, pcrs });
}
