import { softwareRoot, verificationSteps, type SgxPolicy } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { mrSignerOf } from '@enclos/sgx';
import { publicModulus, sha256 } from '@enclos/sgx/node';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import { attest, createOwner, createReader, type Attested } from '../client.ts';
import { refusalOf, type Client, type Scene } from './scene.ts';

/**
 * What the client decides beforehand: whose vault, which version, which root. These come from their sources, Alice's key and
 * the vendor's folder, and never from the vault, its host or its platform, which are being appraised.
 */
export async function decideTrust({ story, alice }: Scene, platformState: string): Promise<Client> {
  story.chapter('The client decides whom it trusts, then checks the enclave');
  const { rootPem } = await openVendor(stateFolders(platformState).vendorFolder);
  const root = await softwareRoot(rootPem);
  const signer = toHex(mrSignerOf(publicModulus(alice), sha256));
  const policy: SgxPolicy = {
    mrSigner: [signer],
    productId: 7,
    minimumSecurityVersion: 2,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  };
  story.say("Alice's MRSIGNER", signer);
  story.say("the vendor's root", root.fingerprint);
  story.say('policy', 'this signer, product 7, version 2 or later, this one software root');
  return { trust: { roots: [root], policy }, owner: await createOwner(), reader: await createReader() };
}

export async function checkEnclave({ story, signed }: Scene, url: string, { trust }: Client): Promise<Attested> {
  const attested = await attest(url, trust);
  const { verdict, evidence } = attested;
  story.say('quote', `${verdict.status}, advisories: ${verdict.advisoryIds.join(', ') || 'none'}`);
  story.happened(
    `${verdict.steps.length} of ${verificationSteps.length} verification steps passed`,
    verdict.steps.length === verificationSteps.length,
  );
  story.happened(
    "the quote is for this image, and bound to the client's nonce and the enclave's key",
    evidence.mrEnclave === toHex(signed.mrEnclave) && evidence.binding.kind === 'report-data',
  );
  const refusal = await refusalOf(attest(url, { ...trust, policy: { ...trust.policy, softwareRoots: [] } }));
  story.happened(
    `a policy that does not list this root refuses the same enclave: ${refusal}`,
    refusal === 'APPRAISAL_REFUSED',
  );
  return attested;
}
