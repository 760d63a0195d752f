import type { AzureMachinePolicy, SgxPolicy, TdxPolicy } from '@enclos/attestation';
import type { AnyPolicy } from '../../evidence/appraisal-policy.ts';
import { snpSentences } from './snp-sentences.ts';
import { durationSentences, listed, oneOf } from './words.ts';

type QuotePolicy = SgxPolicy | TdxPolicy;

const statusWords: Readonly<Record<string, string>> = {
  OK: 'up to date',
  SW_HARDENING_NEEDED: 'in need of countermeasures in the code inside',
  CONFIGURATION_NEEDED: 'set up in a way that leaves it open',
  CONFIGURATION_AND_SW_HARDENING_NEEDED:
    'set up in a way that leaves it open, and in need of countermeasures in the code inside',
  OUT_OF_DATE: 'out of date',
  OUT_OF_DATE_CONFIGURATION_NEEDED: 'out of date, and set up in a way that leaves it open',
  TD_RELAUNCH_ADVISED: 'updated below a trust domain that should be launched anew',
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
    'updated below a trust domain that should be launched anew, and set up in a way that leaves it open',
};

/** What a policy accepts and refuses, in sentences. */
export function policySentences(policy: AnyPolicy): readonly string[] {
  switch (policy.kind) {
    case 'azure':
      return azureSentences(policy.rules);
    case 'snp':
      return snpSentences(policy.rules);
    case 'dcap':
      return quoteSentences(policy.rules);
  }
}

function azureSentences(policy: AzureMachinePolicy): readonly string[] {
  const { pcrs, requireSecureBoot, allowConsole, vmUniqueIds, userData, hardware } = policy;
  return [
    'This is about confidential VMs of Azure, by their vTPM.',
    ...Object.entries(pcrs).map(([number, values]) => `PCR ${number} must be quoted with ${oneOf('value', values)}.`),
    requireSecureBoot
      ? 'The machine must boot securely.'
      : 'The machine need not boot securely: other firmware or kernels show in the PCRs alone.',
    allowConsole === true ? 'It may have a serial console.' : 'A machine with a serial console is refused.',
    ...(vmUniqueIds === undefined ? [] : [`It must be ${oneOf('machine', vmUniqueIds)}.`]),
    ...listed(userData, 'user data'),
    'The hardware below it, whose evidence is about the paravisor:',
    ...(hardware.tee === 'tdx' ? quoteSentences(hardware) : snpSentences(hardware)),
  ];
}

function quoteSentences(policy: QuotePolicy): readonly string[] {
  return [...(policy.tee === 'tdx' ? tdxSentences(policy) : sgxSentences(policy)), ...commonSentences(policy)];
}

function sgxSentences(policy: SgxPolicy): readonly string[] {
  const { mrEnclave, mrSigner, productId, minimumSecurityVersion, minimumConfigSecurityVersion } = policy;
  return [
    'This is about SGX enclaves.',
    ...(mrEnclave === undefined ? [] : [`The enclave must be exactly ${oneOf('measurement', mrEnclave)} (MRENCLAVE).`]),
    ...(mrSigner === undefined ? [] : [`It must be signed by ${oneOf('signer', mrSigner)} (MRSIGNER).`]),
    ...(productId === undefined ? [] : [`It must be product ${productId} of that signer.`]),
    minimumSecurityVersion === 0
      ? 'Any security version is accepted, including old ones with known faults.'
      : `Its security version must be ${minimumSecurityVersion} or higher.`,
    ...listed(policy.extendedProductId, 'extended product id'),
    ...listed(policy.familyId, 'family id'),
    ...listed(policy.configId, 'CONFIGID'),
    ...(minimumConfigSecurityVersion === undefined
      ? []
      : [`Its CONFIGSVN must be ${minimumConfigSecurityVersion} or higher.`]),
  ];
}

function tdxSentences(policy: TdxPolicy): readonly string[] {
  const registers = (['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).map((name) => {
    const rule = policy[name];
    const label = name.toUpperCase();
    return rule === 'any'
      ? `${label} may have any value: what is measured into it is not checked.`
      : `${label} must be ${oneOf('value', rule)}.`;
  });
  const { mrServiceTd } = policy;
  return [
    'This is about TDX trust domains.',
    `The trust domain must begin with ${oneOf('measurement', policy.mrTd)} (MRTD).`,
    ...registers,
    ...listed(policy.mrSeam, 'TDX module (MRSEAM)'),
    mrServiceTd === undefined
      ? 'No service TD may be bound to it.'
      : `A service TD that is bound to it must be ${oneOf('value', mrServiceTd)}.`,
    ...listed(policy.mrConfigId, 'MRCONFIGID'),
    ...listed(policy.mrOwner, 'MROWNER'),
    ...listed(policy.mrOwnerConfig, 'MROWNERCONFIG'),
    policy.requireSeptVeDisable === false
      ? 'The host may cause exceptions in it by taking pages away (SEPT_VE_DISABLE may be off).'
      : 'The host must not be able to cause exceptions in it (SEPT_VE_DISABLE).',
  ];
}

function commonSentences(policy: QuotePolicy): readonly string[] {
  const { softwareRoots, minimumTcbEvaluationDataNumber: minimum, timeFloor } = policy;
  const { expiredCollateralGraceMs: grace } = policy;
  return [
    policy.allowDebug === true
      ? 'A debug enclave is accepted, although the host can read its memory.'
      : 'A debug enclave is refused.',
    rootSentence(policy.intelRoot, softwareRoots),
    ...statusSentences(policy),
    ...(minimum === undefined ? [] : [`TCB info and QE identity must be of evaluation ${minimum} or later.`]),
    ...durationSentences(grace === 0 ? undefined : grace, {
      all: 'Collateral',
      sentence: (time, what) => `${what} may be expired for ${time}.`,
      without: 'Expired collateral is refused.',
    }),
    ...durationSentences(policy.maximumCollateralAgeMs, {
      all: 'Collateral',
      sentence: (time, what) => `${what} may be at most ${time} old.`,
      without: 'Collateral may be of any age within its dates: an old one that is replayed hides a revocation.',
    }),
    policy.allowNotYetValid === true
      ? 'Certificates and collateral that begin in the future are accepted.'
      : 'Certificates and collateral that begin in the future are refused.',
    ...(timeFloor === undefined
      ? []
      : [`A clock before ${timeFloor instanceof Date ? timeFloor.toISOString() : timeFloor} is wrong, and refused.`]),
  ];
}

function rootSentence(intelRoot: boolean, softwareRoots: readonly string[] = []): string {
  const software = `software platforms under ${oneOf('root', softwareRoots)}, which do not protect from the owner of the machine`;
  if (softwareRoots.length === 0) return "The platform must be hardware of Intel's.";
  return intelRoot
    ? `The platform must be hardware of Intel's; accepted are also ${software}.`
    : `Accepted are only ${software}.`;
}

function statusSentences({
  acceptedStatuses,
  acceptedAdvisoryIds = [],
  refusedAdvisoryIds = [],
}: QuotePolicy): readonly string[] {
  const words = acceptedStatuses.map((status) => `${statusWords[status] ?? status} (${status})`);
  const beyondOk = acceptedStatuses.some((status) => status !== 'OK');
  const name = (rule: (typeof acceptedAdvisoryIds)[number]): string =>
    typeof rule === 'string' ? rule : `${rule.id} until ${rule.until}`;
  return [
    `The platform may be ${words.join('; or ')}.`,
    ...(!beyondOk
      ? []
      : [
          acceptedAdvisoryIds.length === 0
            ? 'No advisory is accepted: one that is open refuses a platform that is not up to date.'
            : `Where it is not up to date, its advisories must all be among ${acceptedAdvisoryIds.map(name).join(', ')}.`,
        ]),
    ...(refusedAdvisoryIds.length === 0
      ? []
      : [`Whatever the status is, these advisories refuse it: ${refusedAdvisoryIds.map(name).join(', ')}.`]),
  ];
}
