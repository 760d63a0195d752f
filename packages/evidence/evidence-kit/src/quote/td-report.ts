import { concatBytes } from '@enclos/codec';
import { littleEndian, place, repeated } from './bytes.ts';

/** The body of a TD report 1.0 (DCAP quote format 4, TDReport10). */
export interface TdReport10 {
  /** 16 bytes: [0] SVN of the TDX module, [1] its version, [2] SEAM loader. */
  readonly teeTcbSvn: Uint8Array;
  /** 48 bytes. */
  readonly mrSeam: Uint8Array;
  /** 48 bytes; zeros are Intel. */
  readonly mrSignerSeam: Uint8Array;
  readonly seamAttributes: bigint;
  /** Bit 0 DEBUG, 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 30 PKS, 31 KL, 63 PERFMON. */
  readonly tdAttributes: bigint;
  readonly xfam: bigint;
  /** 48 bytes, as all of the following measurements. */
  readonly mrTd: Uint8Array;
  readonly mrConfigId: Uint8Array;
  readonly mrOwner: Uint8Array;
  readonly mrOwnerConfig: Uint8Array;
  readonly rtmr0: Uint8Array;
  readonly rtmr1: Uint8Array;
  readonly rtmr2: Uint8Array;
  readonly rtmr3: Uint8Array;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

/** What a TD report 1.5 has beside that of 1.0. */
export interface TdReport15 extends TdReport10 {
  /** 16 bytes: what is loaded now, where `teeTcbSvn` is what the TD was launched with. */
  readonly teeTcbSvn2: Uint8Array;
  /** 48 bytes. */
  readonly mrServiceTd: Uint8Array;
}

/** What a TD report of a partitioned TD has beside that of 1.5 (QVL, TDReport15Ex). */
export interface TdReport15Ex extends TdReport15 {
  readonly vmId: number;
  /** 32 bytes. */
  readonly tdId: Uint8Array;
  /** 48 bytes. */
  readonly deviceInfo: Uint8Array;
  /** 48 bytes. */
  readonly initServiceTdHash: Uint8Array;
  readonly initServiceTdAttributes: bigint;
  /** 16 bytes. */
  readonly initCpuSvn: Uint8Array;
  /** 16 bytes. */
  readonly initTeeTcbSvn: Uint8Array;
  /** 12 bytes. */
  readonly initTeeFmspc: Uint8Array;
  /** 48 bytes. */
  readonly currentServiceTdHash: Uint8Array;
  readonly currentServiceTdAttributes: bigint;
}

/** 584 bytes. */
export function encodeTdReport10(body: TdReport10): Uint8Array {
  return place(584, [
    [0, body.teeTcbSvn],
    [16, body.mrSeam],
    [64, body.mrSignerSeam],
    [112, littleEndian(body.seamAttributes, 8)],
    [120, littleEndian(body.tdAttributes, 8)],
    [128, littleEndian(body.xfam, 8)],
    [136, body.mrTd],
    [184, body.mrConfigId],
    [232, body.mrOwner],
    [280, body.mrOwnerConfig],
    [328, body.rtmr0],
    [376, body.rtmr1],
    [424, body.rtmr2],
    [472, body.rtmr3],
    [520, body.reportData],
  ]);
}

/** 648 bytes. */
export function encodeTdReport15(body: TdReport15): Uint8Array {
  return concatBytes(
    encodeTdReport10(body),
    place(64, [
      [0, body.teeTcbSvn2],
      [16, body.mrServiceTd],
    ]),
  );
}

/** 885 bytes. */
export function encodeTdReport15Ex(body: TdReport15Ex): Uint8Array {
  return concatBytes(
    encodeTdReport15(body),
    place(237, [
      [0, littleEndian(body.vmId, 1)],
      [1, body.tdId],
      [33, body.deviceInfo],
      [81, body.initServiceTdHash],
      [129, littleEndian(body.initServiceTdAttributes, 8)],
      [137, body.initCpuSvn],
      [153, body.initTeeTcbSvn],
      [169, body.initTeeFmspc],
      [181, body.currentServiceTdHash],
      [229, littleEndian(body.currentServiceTdAttributes, 8)],
    ]),
  );
}

/** A TD of no debug mode with recognisable fields. */
export const exampleTdReport: TdReport15Ex = Object.freeze({
  teeTcbSvn: place(16, [[0, Uint8Array.of(5, 1, 5)]]),
  mrSeam: repeated(0x5e, 48),
  mrSignerSeam: repeated(0, 48),
  seamAttributes: 0n,
  // SEPT_VE_DISABLE.
  tdAttributes: 1n << 28n,
  xfam: 0xe7n,
  mrTd: repeated(0xd0, 48),
  mrConfigId: repeated(0xc0, 48),
  mrOwner: repeated(0xc1, 48),
  mrOwnerConfig: repeated(0xc2, 48),
  rtmr0: repeated(0xa0, 48),
  rtmr1: repeated(0xa1, 48),
  rtmr2: repeated(0xa2, 48),
  rtmr3: repeated(0xa3, 48),
  reportData: repeated(0x09, 64),
  teeTcbSvn2: place(16, [[0, Uint8Array.of(5, 1, 5)]]),
  mrServiceTd: repeated(0, 48),
  vmId: 1,
  tdId: repeated(0x1d, 32),
  deviceInfo: repeated(0xde, 48),
  initServiceTdHash: repeated(0xb0, 48),
  initServiceTdAttributes: 1n,
  initCpuSvn: repeated(2, 16),
  initTeeTcbSvn: repeated(1, 16),
  initTeeFmspc: repeated(0xf0, 12),
  currentServiceTdHash: repeated(0xb1, 48),
  currentServiceTdAttributes: 2n,
});
