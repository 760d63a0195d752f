import type { SnpPolicy } from '@enclos/attestation';
import { duration, listed, oneOf } from './words.ts';

/** What a policy for SEV-SNP accepts and refuses, in sentences. */
export function snpSentences(policy: SnpPolicy): readonly string[] {
  const { vmpl, minimumGuestSvn, signingKeys, cspIds, timeFloor, expiredCollateralGraceMs: grace = 0 } = policy;
  return [
    'This is about guests of SEV-SNP.',
    `The guest must begin with ${oneOf('measurement', policy.measurements)}.`,
    `Its SVN must be ${minimumGuestSvn} or higher.`,
    vmpl === 0
      ? 'The most privileged level of the guest (VMPL 0) must have asked for the report.'
      : `Level ${vmpl} of the guest must have asked for the report: what runs at lower numbers is trusted with it.`,
    `The key that signs must be a ${signingKeys.join(' or a ')}, under ${oneOf('root', policy.roots)} of AMD.`,
    ...(cspIds === undefined ? [] : [`A VLEK must be of ${oneOf('provider', cspIds)}.`]),
    ...tcbSentences(policy),
    policy.allowSmt
      ? 'It may share cores with other threads (SMT).'
      : 'It must not share cores with other threads (SMT).',
    policy.allowMultipleSockets ? 'It may run on several sockets.' : 'It must run on a single socket.',
    policy.allowDebug === true
      ? 'A debug guest is accepted, although the host can read its memory.'
      : 'A debug guest is refused.',
    policy.allowMigrationAgent === true ? 'A migration agent may move it.' : 'No migration agent may move it.',
    policy.allowCxl === true ? 'Its memory may be on CXL devices.' : 'Its memory must not be on CXL devices.',
    ...listed(policy.hostData, 'host data'),
    ...listed(policy.idKeyDigests, 'id key digest'),
    ...listed(policy.authorKeyDigests, 'author key digest'),
    ...listed(policy.familyIds, 'family id'),
    ...listed(policy.imageIds, 'image id'),
    policy.allowUncheckedRevocation === true
      ? 'Evidence without a revocation list is accepted, so that nobody looks whether its key is revoked.'
      : 'Evidence without a revocation list is refused.',
    grace === 0
      ? 'Expired certificates and lists are refused.'
      : `Certificates and lists may be expired for ${duration(grace)}.`,
    policy.allowNotYetValid === true
      ? 'Certificates and lists that begin in the future are accepted.'
      : 'Certificates and lists that begin in the future are refused.',
    ...(timeFloor === undefined
      ? []
      : [`A clock before ${timeFloor instanceof Date ? timeFloor.toISOString() : timeFloor} is wrong, and refused.`]),
  ];
}

function tcbSentences({ minimumTcb }: SnpPolicy): readonly string[] {
  return Object.entries(minimumTcb).map(([product, tcb]) => {
    const parts = Object.entries(tcb).map(([component, svn]) => `${component} ${svn}`);
    return `On ${product}, every version of the firmware (now, reported, committed, at launch) must be at least: ${parts.join(', ')}.`;
  });
}
