import { EnclosError, isEnclosError } from '@enclos/errors';
import { incomplete, readRules, requireRules, type CompleteRules } from './complete-policy.ts';
import { completePolicy } from './parse-policy.ts';
import type { TdxPolicy } from './policy.ts';
import { boolean, exactly, hexes, nested, text, texts, type Rule } from './policy-rules.ts';
import type { SnpPolicy } from './snp-policy.ts';
import { digestSizeBytes, pcrCount } from '../vtpm/tpm-quote.ts';

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

/** What a relying party accepts of an Azure VM as a whole: of its vTPM, and of the hardware below it. */
export interface AzureMachinePolicy extends AzurePolicy {
  /** For editors: where the JSON Schema is. */
  readonly $schema?: string;
  readonly tee: 'azure-vtpm';
  /** The policy for the report or quote of the hardware, which is about the paravisor. */
  readonly hardware: SnpPolicy | TdxPolicy;
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

/** One rule for each property of `AzureMachinePolicy`. Those of the hardware are read by their own tables. */
export const machineRules = {
  $schema: text,
  tee: exactly('azure-vtpm'),
  ...azureRules,
  hardware: nested({}, []),
};

const mandatory = ['pcrs', 'requireSecureBoot'] as const;

/** A policy that is complete and checked. Hex is lower case; PCRs are by number. */
export type CompleteAzurePolicy = Omit<CompleteRules<typeof azureRules, (typeof mandatory)[number]>, 'pcrs'> & {
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

/**
 * Checks a policy for a whole machine when it is written or read, rather than
 * when it is used, and freezes a copy of it. The result is data, and can be
 * written as JSON; the JSON Schema is `@enclos/attestation/schema/azure-policy.schema.json`.
 *
 * @throws APPRAISAL_REFUSED with the name of the rule in `details.field`; those of the hardware begin with `hardware.`.
 */
export function parseAzurePolicy(policy: unknown): AzureMachinePolicy {
  // Rules without a value are refused here; the copy does not have them any more.
  splitMachinePolicy(policy);
  const copy: unknown = JSON.parse(JSON.stringify(policy), (_, value: unknown) => Object.freeze(value));
  splitMachinePolicy(copy);
  // `splitMachinePolicy` has read it.
  return copy as AzureMachinePolicy;
}

/** The rules for the vTPM and those for the hardware, both checked. @throws as `parseAzurePolicy`. */
export function splitMachinePolicy(policy: unknown): {
  readonly vtpm: AzurePolicy;
  readonly hardware: AzureMachinePolicy['hardware'];
} {
  const rules = requireRules(readRules(policy, machineRules), ['tee', 'hardware']);
  const { tee: _tee, hardware, $schema: _, ...vtpm } = rules;
  completeAzurePolicy(vtpm);
  inHardware(() => {
    if (completePolicy(hardware).tee === 'sgx') throw incomplete('tee', '"sev-snp" or "tdx"');
  });
  // Both have just been read by their own rules.
  return { vtpm, hardware } as { readonly vtpm: AzurePolicy; readonly hardware: AzureMachinePolicy['hardware'] };
}

/** What a rule for the hardware refuses is named with its path. */
export function inHardware<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    const { field, ...details } = error.details;
    const message = `The hardware policy: ${error.message}`;
    throw new EnclosError(error.code, message, {
      details: { field: `hardware.${String(field)}`, ...details },
      cause: error,
    });
  }
}
