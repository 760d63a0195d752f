import { createHash } from 'node:crypto';
import { refuseUsage } from '@enclos/cli-frame';
import { findPemBlocks } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { INTEL_SGX_ROOT, parsePolicy } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { parseQuote, Attribute, TdAttribute, type Quote } from '@enclos/sgx';
import { describeCertificate } from '@enclos/evidence';
import { withKind, type AnyPolicy } from '../../evidence/appraisal-policy.ts';

/** A policy that was made from something, and what its owner should know before relying on it. */
export interface PolicyDraft {
  readonly policy: AnyPolicy;
  readonly notes: readonly string[];
}

export const schema = './node_modules/@enclos/attestation/schema/policy.schema.json';
export const unverified =
  'The values are what the evidence claims, and it has not been verified. Verify it by this policy before you rely on either.';

/** What software platforms in single-user mode name. Here, because the package of the platform takes long to load. */
export const singleUserAdvisory = 'ENCLOS-SA-00001';

/** What is accepted of every kind: nothing but an up-to-date platform under the root that is named. */
const strict = { $schema: schema, acceptedStatuses: ['OK'] } as const;

/** What a policy for a platform in single-user mode adds to the strict one. */
const singleUserRules = {
  acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
  acceptedAdvisoryIds: [singleUserAdvisory],
} as const;

/** What a policy is made of when there is no evidence. */
export interface KnownMeasurement {
  readonly mrEnclave: string;
  readonly softwareRoot?: string | undefined;
  /** With a software root: also accept its platforms in single-user mode. */
  readonly acceptSingleUser?: boolean | undefined;
}

/** From a measurement alone: hardware of Intel's, unless a software root is named. */
export function draftOfMeasurement({ mrEnclave, softwareRoot, acceptSingleUser }: KnownMeasurement): PolicyDraft {
  const isLoose = acceptSingleUser === true;
  if (isLoose && softwareRoot === undefined) {
    refuseUsage('--single-user is for software platforms: name their root with --software-root.');
  }
  const policy = {
    ...strict,
    ...rootRules(softwareRoot),
    mrEnclave: [mrEnclave.toLowerCase()],
    minimumSecurityVersion: 0,
    ...(isLoose ? singleUserRules : {}),
  };
  return { policy: withKind(parsePolicy(policy)), notes: isLoose ? [loosened] : [] };
}

/**
 * From an unverified quote: the draft accepts exactly its claims.
 * @param by `signer`: any enclave of its product and signer, from its security version on.
 * @throws SGX_QUOTE_INVALID
 */
export function draftOfQuote(
  bytes: Uint8Array,
  {
    by,
    acceptSingleUser = false,
  }: { readonly by: 'measurement' | 'signer'; readonly acceptSingleUser?: boolean | undefined },
): PolicyDraft {
  const quote = parseQuote(bytes);
  const root = rootOf(quote);
  if (acceptSingleUser && !isSoftware(root)) {
    refuseUsage('--single-user is for software platforms, and this quote is of another: leave it out.');
  }
  const rules = {
    ...strict,
    ...rootRules(root === INTEL_SGX_ROOT.fingerprint ? undefined : root),
    ...identityRules(quote, by),
    ...(acceptSingleUser ? singleUserRules : {}),
  };
  const notes = [
    unverified,
    ...(root === undefined
      ? ['The quote carries no chain that can be read: the root is taken to be that of Intel.']
      : []),
    ...(isSoftware(root) ? softwareNotes(root, acceptSingleUser) : []),
    ...debugNotes(quote),
  ];
  return { policy: withKind(parsePolicy(rules)), notes };
}

const loosened = `The policy is loosened: it accepts a platform in single-user mode (status CONFIGURATION_NEEDED, advisory ${singleUserAdvisory}), where every program of that user can read everything too.`;

function softwareNotes(root: string, acceptSingleUser: boolean): readonly string[] {
  return [
    `This is SOFTWARE, not hardware: the owner of its machine can read everything in the enclave. The policy accepts the platforms of this root only: ${root}.`,
    acceptSingleUser
      ? loosened
      : 'A software platform in single-user mode, such as that of `enclos run`, has the status CONFIGURATION_NEEDED, which this policy refuses. For tests on one machine, --single-user accepts it.',
  ];
}

function isSoftware(root: string | undefined): root is string {
  return root !== undefined && root !== INTEL_SGX_ROOT.fingerprint;
}

function rootRules(softwareRoot: string | undefined): {
  readonly intelRoot: boolean;
  readonly softwareRoots?: readonly string[];
} {
  return softwareRoot === undefined
    ? { intelRoot: true }
    : { intelRoot: false, softwareRoots: [softwareRoot.toLowerCase()] };
}

function identityRules({ body }: Quote, by: 'measurement' | 'signer'): Readonly<Record<string, unknown>> {
  if (body.type === 'sgx') {
    const { mrEnclave, mrSigner, isvProdId, isvSvn } = body.report;
    return by === 'signer'
      ? { mrSigner: [toHex(mrSigner)], productId: isvProdId, minimumSecurityVersion: isvSvn }
      : { mrEnclave: [toHex(mrEnclave)], minimumSecurityVersion: isvSvn };
  }
  const { mrTd, rtmr0, rtmr1, rtmr2, rtmr3 } = body.report;
  const service = 'mrServiceTd' in body.report ? body.report.mrServiceTd : new Uint8Array(48);
  return {
    tee: 'tdx',
    mrTd: [toHex(mrTd)],
    rtmr0: [toHex(rtmr0)],
    rtmr1: [toHex(rtmr1)],
    rtmr2: [toHex(rtmr2)],
    rtmr3: [toHex(rtmr3)],
    ...(service.every((byte) => byte === 0) ? {} : { mrServiceTd: [toHex(service)] }),
  };
}

function debugNotes({ body }: Quote): readonly string[] {
  if (body.type === 'sgx') {
    return (body.report.attributes.flags & Attribute.DEBUG) === 0n
      ? []
      : ['The quote is of a debug enclave, which this policy refuses.'];
  }
  const { tdAttributes } = body.report;
  return [
    ...((tdAttributes & TdAttribute.DEBUG) === 0n
      ? []
      : ['The quote is of a debug trust domain, which this policy refuses.']),
    ...((tdAttributes & TdAttribute.SEPT_VE_DISABLE) === 0n
      ? [
          'The quote is of a trust domain without SEPT_VE_DISABLE, which this policy refuses unless requireSeptVeDisable is false.',
        ]
      : []),
  ];
}

/** The fingerprint of the last certificate of the chain that the quote carries. */
function rootOf({ signature }: Quote): string | undefined {
  const blocks = findPemBlocks(decodeLatin1(signature.certificationData), 16);
  const last = blocks.at(-1);
  if (signature.certificationDataType !== 5 || last === undefined) return undefined;
  try {
    return createHash('sha256').update(describeCertificate(last.bytes).publicKeyInfo).digest('hex');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
