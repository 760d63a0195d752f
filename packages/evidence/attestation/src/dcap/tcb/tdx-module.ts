import { isZero, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Quote } from '@enclos/sgx';
import { readEnclaveLevels, type EnclaveTcbLevel } from './enclave-levels.ts';
import { hex, type JsonRecord, string } from '@enclos/codec/json';
import { refuse } from '../../refusal/refusal.ts';

/** The signer and the attributes of a TDX module. Hex is lower case. */
export interface TdxModule {
  /** 48 bytes of hex; zeros for Intel. */
  readonly mrSigner: string;
  /** 8 bytes of hex. */
  readonly attributes: string;
}

/** The identity of the TDX modules of one version. */
export interface TdxModuleIdentity extends TdxModule {
  /** TDX_01, in upper case: the version in hex. */
  readonly id: string;
  /** The highest first. */
  readonly tcbLevels: readonly EnclaveTcbLevel[];
}

/** What a TCB info says about TDX modules. */
export interface TdxModules {
  /** The module of version 0. TDX only. */
  readonly tdxModule?: TdxModule;
  /** The modules of version 1 and later. Empty for SGX. */
  readonly tdxModuleIdentities: readonly TdxModuleIdentity[];
}

const maximumIdentities = 256;

/** `tdxModule` of a TCB info. @throws a CODEC error. */
export function readTdxModule(fields: JsonRecord): TdxModule {
  // QVL reads the mask and then compares the attributes without it.
  fields.required('attributesMask', hex(8));
  return Object.freeze({
    mrSigner: fields.required('mrsigner', hex(48)),
    attributes: fields.required('attributes', hex(8)),
  });
}

/** `tdxModuleIdentities` of a TCB info, which may be absent. @throws a CODEC error. */
export function readTdxModuleIdentities(tcbInfo: JsonRecord): readonly TdxModuleIdentity[] {
  if (!tcbInfo.has('tdxModuleIdentities')) return Object.freeze([]);
  const identities = tcbInfo.records('tdxModuleIdentities', 0, maximumIdentities).map((fields) =>
    Object.freeze({
      id: fields.required('id', string(64)).toUpperCase(),
      ...readTdxModule(fields),
      tcbLevels: readEnclaveLevels(fields),
    }),
  );
  if (new Set(identities.map(({ id }) => id)).size !== identities.length) {
    throw new EnclosError('CODEC_INVALID', 'TCB info: two TDX module identities are equal.');
  }
  return Object.freeze(identities);
}

/** The version of the TDX module in a TEE_TCB_SVN; version 0 has no identity. */
function moduleVersionOf(teeTcbSvn: Uint8Array): number {
  return teeTcbSvn[1] ?? 0;
}

/** True when an identity judges the TDX module of a TEE_TCB_SVN. */
export function hasModuleIdentity(teeTcbSvn: Uint8Array | undefined): teeTcbSvn is Uint8Array {
  return teeTcbSvn !== undefined && moduleVersionOf(teeTcbSvn) > 0;
}

/**
 * Components 0 and 1 are the SVN and the version of the TDX module. From
 * version 1 on its identity judges them, and they are not compared here:
 * another version starts to count its SVN anew.
 */
export function firstTdxComponent(teeTcbSvn: Uint8Array): number {
  return moduleVersionOf(teeTcbSvn) > 0 ? 2 : 0;
}

/** The identity for the version of the module in a TEE_TCB_SVN, or undefined. */
export function moduleIdentityFor(tcbInfo: TdxModules, teeTcbSvn: Uint8Array): TdxModuleIdentity | undefined {
  const id = `TDX_${toHex(Uint8Array.of(moduleVersionOf(teeTcbSvn))).toUpperCase()}`;
  return tcbInfo.tdxModuleIdentities.find((identity) => identity.id === id);
}

/** Step 16, for a trust domain: its TDX module is one that the TCB info describes (QVL `QuoteVerifier::verify`). */
export function matchTdxModule({ body }: Quote, tcbInfo: TdxModules): void {
  if (body.type === 'sgx') return;
  const { report } = body;
  const mismatch = (what: string): never => refuse('tdx-module-match', 'TDX_MODULE_MISMATCH', what);
  const described =
    moduleVersionOf(report.teeTcbSvn) === 0 ? tcbInfo.tdxModule : moduleIdentityFor(tcbInfo, report.teeTcbSvn);
  if (described === undefined) return mismatch('The TCB info does not know this version of the TDX module.');
  if (toHex(report.mrSignerSeam) !== described.mrSigner) mismatch('The TDX module has another signer.');
  if (!isZero(report.seamAttributes)) mismatch('The TDX module has attributes, which none that is in use may have.');
  if (toHex(report.seamAttributes) !== described.attributes) mismatch('The TDX module has other attributes.');
}
