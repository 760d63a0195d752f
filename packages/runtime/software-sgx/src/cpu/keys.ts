import { ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { deriveSecret } from '@enclos/provisioning';
import {
  Attribute,
  encodeAttributes,
  KeyName,
  KeyPolicy,
  parseKeyRequest,
  type Attributes,
  type KeyRequest,
  type TargetInfo,
} from '@enclos/sgx';
import { aesCmac } from '@enclos/sgx/node';
import type { EnclaveIdentity } from './enclave.ts';

/** The secrets and the state of a CPU that keys depend on. */
export interface KeyRoots {
  readonly baseKeys: Readonly<Record<'provision' | 'provisionSeal' | 'report' | 'seal', Uint8Array>>;
  /** 16 bytes. */
  readonly ownerEpoch: Uint8Array;
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
}

/** One 128-bit base key for each key name, so that no request for one name can equal a request for another. */
export function baseKeys(fuses: Uint8Array): KeyRoots['baseKeys'] {
  const key = (purpose: string) => deriveSecret(fuses, { purpose, lengthBytes: 16 });
  return Object.freeze({
    provision: key('base key PROVISION'),
    provisionSeal: key('base key PROVISION_SEAL'),
    report: key('base key REPORT'),
    seal: key('base key SEAL'),
  });
}

/** DEBUG and INIT are always in a key: a debug enclave never gets a production key (SDM vol. 3D, EGETKEY). */
const requiredSealingMask = Attribute.INIT | Attribute.DEBUG;
const kssPolicies = KeyPolicy.NOISVPRODID | KeyPolicy.CONFIGID | KeyPolicy.ISVFAMILYID | KeyPolicy.ISVEXTPRODID;

const zero16 = new Uint8Array(16);
const zero32 = new Uint8Array(32);
const zero64 = new Uint8Array(64);

/**
 * EGETKEY (SDM vol. 3D, EGETKEY). 16 bytes.
 *
 * @throws KEY_REQUEST_INVALID, KEY_NOT_PERMITTED, KEY_SVN_TOO_NEW, KEY_CPUSVN_TOO_NEW, KEY_CONFIGSVN_TOO_NEW
 */
export function getKey(roots: KeyRoots, enclave: EnclaveIdentity, requestBytes: Uint8Array): Uint8Array {
  const request = parseRequest(requestBytes);
  if ((request.keyPolicy & kssPolicies) !== 0 && (enclave.attributes.flags & Attribute.KSS) === 0n) {
    throw new EnclosError(
      'KEY_REQUEST_INVALID',
      'Policy bits from NOISVPRODID up need an enclave that is signed with KSS.',
    );
  }
  switch (request.keyName) {
    case KeyName.REPORT:
      return reportKey(roots, enclave, request.keyId);
    case KeyName.SEAL:
      requireVersions(roots, enclave, request);
      return aesCmac(
        roots.baseKeys.seal,
        dependencies(enclave, request, { ownerEpoch: roots.ownerEpoch, identity: request.keyPolicy }),
      );
    case KeyName.PROVISION:
    case KeyName.PROVISION_SEAL:
      return provisionKey(roots, enclave, request);
    case KeyName.EINITTOKEN:
      throw new EnclosError('KEY_NOT_PERMITTED', 'There is no launch enclave on this platform.');
    default:
      throw new EnclosError('KEY_REQUEST_INVALID', 'Unknown KEYNAME.', { details: { rule: 'keyName' } });
  }
}

/** The key under which a REPORT for this target is authenticated; only the target can ask for it. */
export function reportKey(roots: KeyRoots, target: TargetInfo, keyId: Uint8Array): Uint8Array {
  const fields = new ByteWriter({ sizeHint: 256 })
    .u16(KeyName.REPORT)
    .bytes(encodeAttributes(target.attributes))
    .u32(target.miscSelect)
    .bytes(roots.ownerEpoch)
    .fixed(target.mrEnclave, 32)
    .bytes(roots.cpuSvn)
    .u16(target.configSvn)
    .fixed(target.configId, 64)
    .fixed(keyId, 32)
    .finish();
  return aesCmac(roots.baseKeys.report, fields);
}

function parseRequest(bytes: Uint8Array): KeyRequest {
  try {
    return parseKeyRequest(bytes);
  } catch (cause) {
    throw new EnclosError('KEY_REQUEST_INVALID', 'The KEYREQUEST is malformed.', { cause });
  }
}

/** An enclave may ask for keys of older versions, never of newer ones; CPUSVN is compared byte by byte. */
function requireVersions(roots: KeyRoots, enclave: EnclaveIdentity, request: KeyRequest): void {
  if (request.cpuSvn.some((svn, index) => svn > (roots.cpuSvn[index] ?? 0))) {
    throw new EnclosError('KEY_CPUSVN_TOO_NEW');
  }
  if (request.isvSvn > enclave.isvSvn) throw new EnclosError('KEY_SVN_TOO_NEW');
  if (request.configSvn > enclave.configSvn) throw new EnclosError('KEY_CONFIGSVN_TOO_NEW');
}

/**
 * PROVISION and PROVISION_SEAL depend on the machine and the signer, whatever the policy says, but not on the owner: owner
 * epoch and key id are left out.
 */
function provisionKey(roots: KeyRoots, enclave: EnclaveIdentity, request: KeyRequest): Uint8Array {
  requireProvision(enclave);
  requireVersions(roots, enclave, request);
  const baseKey = request.keyName === KeyName.PROVISION ? roots.baseKeys.provision : roots.baseKeys.provisionSeal;
  const binding = { ownerEpoch: zero16, identity: KeyPolicy.MRSIGNER };
  return aesCmac(baseKey, dependencies(enclave, { ...request, keyId: zero32 }, binding));
}

function requireProvision(enclave: EnclaveIdentity): void {
  if ((enclave.attributes.flags & Attribute.PROVISIONKEY) === 0n) {
    throw new EnclosError('KEY_NOT_PERMITTED', 'Provisioning keys need the PROVISIONKEY attribute.');
  }
}

interface Binding {
  readonly ownerEpoch: Uint8Array;
  /** Policy bits that decide about MRENCLAVE and MRSIGNER. */
  readonly identity: number;
}

/** The key dependencies of everything but REPORT, in the order of Intel's simulation (deriv.h), MISCMASK inverted as in the SDM. */
function dependencies(enclave: EnclaveIdentity, request: KeyRequest, { ownerEpoch, identity }: Binding): Uint8Array {
  const has = (policy: number) => (request.keyPolicy & policy) !== 0;
  const mask = request.attributeMask;
  const kept: Attributes = {
    flags: (mask.flags | requiredSealingMask) & enclave.attributes.flags,
    xfrm: mask.xfrm & enclave.attributes.xfrm,
  };
  return new ByteWriter({ sizeHint: 320 })
    .u16(request.keyName)
    .u16(request.keyPolicy)
    .bytes(encodeAttributes(kept))
    .bytes(encodeAttributes(mask))
    .u32((request.miscMask & enclave.miscSelect) >>> 0)
    .u32(~request.miscMask >>> 0)
    .fixed(ownerEpoch, 16)
    .fixed(request.cpuSvn, 16)
    .u16(request.isvSvn)
    .u16(has(KeyPolicy.NOISVPRODID) ? 0 : enclave.isvProdId)
    .u16(has(KeyPolicy.CONFIGID) ? request.configSvn : 0)
    .fixed(has(KeyPolicy.CONFIGID) ? enclave.configId : zero64, 64)
    .fixed(has(KeyPolicy.ISVFAMILYID) ? enclave.isvFamilyId : zero16, 16)
    .fixed(has(KeyPolicy.ISVEXTPRODID) ? enclave.isvExtProdId : zero16, 16)
    .fixed((identity & KeyPolicy.MRENCLAVE) !== 0 ? enclave.mrEnclave : zero32, 32)
    .fixed((identity & KeyPolicy.MRSIGNER) !== 0 ? enclave.mrSigner : zero32, 32)
    .fixed(request.keyId, 32)
    .finish();
}
