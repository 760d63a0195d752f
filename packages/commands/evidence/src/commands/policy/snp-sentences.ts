import type { SnpPolicy, SnpProtection } from '@enclos/attestation';
import { durationSentences, listed, oneOf } from './words.ts';

const protectionWords: Readonly<Record<SnpProtection, string>> = {
  memoryAes256Xts: 'It must have demanded that its memory is encrypted with AES-256-XTS.',
  raplDisabled: 'It must have demanded that its power cannot be metered (RAPL).',
  ciphertextHiding: 'It must have demanded that the host cannot read its ciphertext.',
  pageSwapDisabled: 'It must have demanded that the host cannot swap its pages.',
  aliasCheckComplete: 'Its platform must have looked for memory with a second address (AMD-SB-3015).',
};

/** What a policy for SEV-SNP accepts and refuses, in sentences. */
export function snpSentences(policy: SnpPolicy): readonly string[] {
  const { vmpl, minimumGuestSvn, signingKeys, cspIds, chipIds, timeFloor } = policy;
  const { expiredCollateralGraceMs: grace, minimumReportVersion: version } = policy;
  return [
    'This is about guests of SEV-SNP.',
    `The guest must begin with ${oneOf('measurement', policy.measurements)}.`,
    `Its SVN must be ${minimumGuestSvn} or higher.`,
    vmpl === 0
      ? 'The most privileged level of the guest (VMPL 0) must have asked for the report.'
      : `Level ${vmpl} of the guest must have asked for the report: what runs at lower numbers is trusted with it.`,
    `The key that signs must be a ${signingKeys.join(' or a ')}, under ${oneOf('root', policy.roots)} of AMD.`,
    ...(cspIds === undefined ? [] : [`A VLEK must be of ${oneOf('provider', cspIds)}.`]),
    ...(chipIds === undefined ? [] : [`The key must be that of ${oneOf('chip', chipIds)}.`]),
    ...tcbSentences(policy),
    ...(version === undefined ? [] : [`The report must be of version ${version} or later.`]),
    policy.allowSmt
      ? 'It may share cores with other threads (SMT).'
      : 'It must not share cores with other threads (SMT).',
    policy.allowMultipleSockets ? 'It may run on several sockets.' : 'It must run on a single socket.',
    policy.allowDebug === true
      ? 'A debug guest is accepted, although the host can read its memory.'
      : 'A debug guest is refused.',
    policy.allowMigrationAgent === true ? 'A migration agent may move it.' : 'No migration agent may move it.',
    policy.allowCxl === true ? 'Its memory may be on CXL devices.' : 'Its memory must not be on CXL devices.',
    ...protectionSentences(policy),
    ...listed(policy.hostData, 'host data'),
    ...listed(policy.idKeyDigests, 'id key digest'),
    ...listed(policy.authorKeyDigests, 'author key digest'),
    ...listed(policy.familyIds, 'family id'),
    ...listed(policy.imageIds, 'image id'),
    policy.allowUncheckedRevocation === true
      ? 'Evidence without a revocation list is accepted, so it is not checked whether its key is revoked.'
      : 'Evidence without a revocation list is refused.',
    ...durationSentences(grace === 0 ? undefined : grace, {
      all: 'Certificates and lists',
      sentence: (time, what) => `${what} may be expired for ${time}.`,
      without: 'Expired certificates and lists are refused.',
    }),
    ...durationSentences(policy.maximumCollateralAgeMs, {
      all: 'The revocation list',
      sentence: (time, what) => `${what} may be at most ${time} old.`,
      without: 'A revocation list may be of any age within its dates: an old one that is replayed hides a revocation.',
    }),
    policy.allowNotYetValid === true
      ? 'Certificates and lists that begin in the future are accepted.'
      : 'Certificates and lists that begin in the future are refused.',
    ...(timeFloor === undefined
      ? []
      : [`A clock before ${timeFloor instanceof Date ? timeFloor.toISOString() : timeFloor} is wrong, and refused.`]),
  ];
}

function protectionSentences({ minimumGuestAbi: abi, requiredProtections = [] }: SnpPolicy): readonly string[] {
  return [
    ...(abi === undefined ? [] : [`It must have demanded firmware ABI ${abi.major}.${abi.minor} or later.`]),
    ...requiredProtections.map((name) => protectionWords[name]),
  ];
}

function tcbSentences({ minimumTcb }: SnpPolicy): readonly string[] {
  return Object.entries(minimumTcb).map(([product, tcb]) => {
    const parts = Object.entries(tcb).map(([component, svn]) => `${component} ${svn}`);
    return `On ${product}, every version of the firmware (now, reported, committed, at launch) must be at least: ${parts.join(', ')}.`;
  });
}
