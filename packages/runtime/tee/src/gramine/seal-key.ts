import { equalBytes, isZero } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { Attribute, KeyName, KeyPolicy, type KeyRequest, type ReportBody } from '@enclos/sgx';
import type { SealPolicy } from '../capabilities.ts';
import { missingCapability } from '../missing-capability.ts';

/**
 * The masks of the seal keys, which Gramine takes from its manifest (`sgx.seal_key`): INIT and DEBUG, the upper, future
 * security bits, and nothing that may differ between two loads of one enclave. They equal those of `seal` in the SDK.
 */
export const sealKeyMasks = Object.freeze({
  flags: 0xff00_0000_0000_0000n | Attribute.INIT | Attribute.DEBUG,
  xfrm: 0n,
  misc: 0xf000_0000,
});

const policyBits: Readonly<Record<SealPolicy, number>> = { enclave: KeyPolicy.MRENCLAVE, signer: KeyPolicy.MRSIGNER };

/** The only key request for `policy` that Gramine can honour, for an enclave with this report body. */
export function gramineKeyRequest(policy: SealPolicy, own: ReportBody): KeyRequest {
  return Object.freeze({
    keyName: KeyName.SEAL,
    keyPolicy: policyBits[policy],
    isvSvn: own.isvSvn,
    cpuSvn: own.cpuSvn,
    attributeMask: Object.freeze({ flags: sealKeyMasks.flags, xfrm: sealKeyMasks.xfrm }),
    keyId: new Uint8Array(32),
    miscMask: sealKeyMasks.misc,
    configSvn: own.configSvn,
  });
}

const lacks = (what: string): EnclosError => missingCapability('gramine', `Gramine ${what}`);

/**
 * The one of Gramine's two keys that EGETKEY would derive for a request. Gramine derives seal keys of the current versions with
 * an empty key id (`sgx_get_seal_key`), so it cannot serve a request for any other key: it would return a different key under
 * the name of that request.
 * @throws KEY_SVN_TOO_NEW as EGETKEY; TEE_CAPABILITY_MISSING
 */
export function sealPolicyOf(request: KeyRequest, own: ReportBody): SealPolicy {
  if (request.keyName !== KeyName.SEAL) throw lacks('gives out seal keys only, so it cannot check reports either.');
  const policy = (['enclave', 'signer'] as const).find((name) => policyBits[name] === request.keyPolicy);
  if (policy === undefined) throw lacks('has seal keys for MRENCLAVE alone and for MRSIGNER alone.');
  if (!isZero(request.keyId)) throw lacks('has one seal key for each policy, and takes no key id.');
  requireMasks(request);
  requireVersions(request, own);
  return policy;
}

function requireMasks({ attributeMask, miscMask }: KeyRequest): void {
  const same =
    attributeMask.flags === sealKeyMasks.flags &&
    attributeMask.xfrm === sealKeyMasks.xfrm &&
    miscMask === sealKeyMasks.misc;
  if (!same) throw lacks('derives seal keys under the masks of its manifest only.');
}

function requireVersions(request: KeyRequest, own: ReportBody): void {
  if (request.isvSvn > own.isvSvn) throw new EnclosError('KEY_SVN_TOO_NEW');
  if (request.configSvn > own.configSvn) throw new EnclosError('KEY_CONFIGSVN_TOO_NEW');
  const current =
    request.isvSvn === own.isvSvn &&
    request.configSvn === own.configSvn &&
    // Only the processor can say whether another CPUSVN is older or newer.
    equalBytes(request.cpuSvn, own.cpuSvn);
  if (!current) throw lacks('derives seal keys of the current security versions only.');
}
