import { attributes, type Attributes } from './attributes.ts';
import type { ReportBody } from './report.ts';
import { at, bytes, structure, u16, u32 } from './structure.ts';

/** TARGETINFO (SDM vol. 3D, Report Target Info): the target of a REPORT. 512 bytes. */
export interface TargetInfo {
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  readonly attributes: Attributes;
  readonly configSvn: number;
  readonly miscSelect: number;
  /** 64 bytes. */
  readonly configId: Uint8Array;
}

const layout = structure<TargetInfo>({
  name: 'TARGETINFO',
  sizeBytes: 512,
  fields: {
    mrEnclave: at(0, bytes(32)),
    attributes: at(32, attributes),
    configSvn: at(50, u16),
    miscSelect: at(52, u32),
    configId: at(64, bytes(64)),
  },
});

/**
 * @throws SGX_STRUCTURE_INVALID for a length other than 512.
 * @throws SGX_RESERVED_NOT_ZERO also for CET attributes, which none of our platforms has.
 */
export function parseTargetInfo(input: Uint8Array): TargetInfo {
  return layout.parse(input);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit. */
export function encodeTargetInfo(targetInfo: TargetInfo): Uint8Array {
  return layout.encode(targetInfo);
}

/** The TARGETINFO for the enclave with this identity, with which it asks another enclave for a REPORT. */
export function targetInfoOf(identity: ReportBody): TargetInfo {
  const { mrEnclave, configSvn, miscSelect, configId } = identity;
  return Object.freeze({ mrEnclave, attributes: identity.attributes, configSvn, miscSelect, configId });
}
