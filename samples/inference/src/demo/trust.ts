import { softwareRoot } from '@enclos/attestation';
import type { Story } from '@enclos/sample-vault/story';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import type { Trust } from './scene.ts';

export async function decideTrust(story: Story, mrEnclave: string, platformState: string): Promise<Trust> {
  story.chapter('The client decides what it trusts, and verifies the enclave');
  const { rootPem } = await openVendor(stateFolders(platformState).vendorFolder);
  const root = await softwareRoot(rootPem);
  story.say('root', root.fingerprint);
  story.say('policy', 'this MRENCLAVE on a machine of this one software root');
  return {
    root,
    rootPem,
    policy: {
      mrEnclave: [mrEnclave],
      minimumSecurityVersion: 1,
      acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
      acceptedAdvisoryIds: [singleUserAdvisory],
      intelRoot: false,
      softwareRoots: [root.fingerprint],
    },
  };
}
