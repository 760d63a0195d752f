import { EnclosError } from '@enclos/errors';
import { at, bytes, structure, u64, type PlacedField } from './structure.ts';

/** Bits of TD_REPORT.ATTRIBUTES (Intel TDX Module ABI, TD_PARAMS.ATTRIBUTES). */
export const TdAttribute = Object.freeze({
  DEBUG: 0x1n,
  SEPT_VE_DISABLE: 0x1000_0000n,
  MIGRATABLE: 0x2000_0000n,
  PKS: 0x4000_0000n,
  KL: 0x8000_0000n,
  PERFMON: 0x8000_0000_0000_0000n,
} as const);

/** TDReport10: the body of a TDX quote of version 4, and body type 2 of version 5 (QVL, QuoteStructures.h). 584 bytes. */
export interface TdReport10 {
  /** 16 bytes: the SVNs of the TDX module and of its loader, when the TD was launched. */
  readonly teeTcbSvn: Uint8Array;
  /** 48 bytes: the measurement of the TDX module. */
  readonly mrSeam: Uint8Array;
  /** 48 bytes: the signer of the TDX module; zeros mean Intel. */
  readonly mrSignerSeam: Uint8Array;
  /** 8 bytes. */
  readonly seamAttributes: Uint8Array;
  /** {@link TdAttribute} bits. */
  readonly tdAttributes: bigint;
  readonly xfam: bigint;
  /** 48 bytes: the initial content of the TD. */
  readonly mrTd: Uint8Array;
  /** 48 bytes. */
  readonly mrConfigId: Uint8Array;
  /** 48 bytes. */
  readonly mrOwner: Uint8Array;
  /** 48 bytes. */
  readonly mrOwnerConfig: Uint8Array;
  /** 48 bytes each: what the TD has measured about itself since then. */
  readonly rtmr0: Uint8Array;
  readonly rtmr1: Uint8Array;
  readonly rtmr2: Uint8Array;
  readonly rtmr3: Uint8Array;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

/** Body type 3: TD 1.5. 648 bytes. */
export interface TdReport15 extends TdReport10 {
  /** 16 bytes: the SVNs of the TDX module that runs now, after updates without a relaunch. */
  readonly teeTcbSvn2: Uint8Array;
  /** 48 bytes: the service TD that is bound to this one; zeros mean none. */
  readonly mrServiceTd: Uint8Array;
}

/** Body type 4: TD 1.5 with partitioning. 885 bytes. */
export interface TdReport15Ex extends TdReport15 {
  /** 1 byte. */
  readonly vmId: Uint8Array;
  /** 32 bytes. */
  readonly tdId: Uint8Array;
  /** 48 bytes. */
  readonly deviceInfo: Uint8Array;
  /** 48 bytes. */
  readonly initialServiceTdHash: Uint8Array;
  /** 8 bytes. */
  readonly initialServiceTdAttributes: Uint8Array;
  /** 16 bytes. */
  readonly initialCpuSvn: Uint8Array;
  /** 16 bytes. */
  readonly initialTeeTcbSvn: Uint8Array;
  /** 12 bytes. */
  readonly initialTeeFmspc: Uint8Array;
  /** 48 bytes. */
  readonly currentServiceTdHash: Uint8Array;
  /** 8 bytes. */
  readonly currentServiceTdAttributes: Uint8Array;
}

type Fields<T> = { readonly [K in keyof T]-?: PlacedField<T[K]> };

const fields10: Fields<TdReport10> = {
  teeTcbSvn: at(0, bytes(16)),
  mrSeam: at(16, bytes(48)),
  mrSignerSeam: at(64, bytes(48)),
  seamAttributes: at(112, bytes(8)),
  tdAttributes: at(120, u64),
  xfam: at(128, u64),
  mrTd: at(136, bytes(48)),
  mrConfigId: at(184, bytes(48)),
  mrOwner: at(232, bytes(48)),
  mrOwnerConfig: at(280, bytes(48)),
  rtmr0: at(328, bytes(48)),
  rtmr1: at(376, bytes(48)),
  rtmr2: at(424, bytes(48)),
  rtmr3: at(472, bytes(48)),
  reportData: at(520, bytes(64)),
};

const fields15: Fields<TdReport15> = {
  ...fields10,
  teeTcbSvn2: at(584, bytes(16)),
  mrServiceTd: at(600, bytes(48)),
};

const layout10 = structure<TdReport10>({ name: 'TD report 1.0', sizeBytes: 584, fields: fields10 });
const layout15 = structure<TdReport15>({ name: 'TD report 1.5', sizeBytes: 648, fields: fields15 });
const layout15Ex = structure<TdReport15Ex>({
  name: 'TD report 1.5 with partitioning',
  sizeBytes: 885,
  fields: {
    ...fields15,
    vmId: at(648, bytes(1)),
    tdId: at(649, bytes(32)),
    deviceInfo: at(681, bytes(48)),
    initialServiceTdHash: at(729, bytes(48)),
    initialServiceTdAttributes: at(777, bytes(8)),
    initialCpuSvn: at(785, bytes(16)),
    initialTeeTcbSvn: at(801, bytes(16)),
    initialTeeFmspc: at(817, bytes(12)),
    currentServiceTdHash: at(829, bytes(48)),
    currentServiceTdAttributes: at(877, bytes(8)),
  },
});

/**
 * Parses a TD report body as quotes contain it; its length tells which of the three it is.
 *
 * @throws SGX_STRUCTURE_INVALID for another length.
 */
export function parseTdReport(input: Uint8Array): TdReport10 | TdReport15 | TdReport15Ex {
  if (input.length === layout10.sizeBytes) return layout10.parse(input);
  if (input.length === layout15.sizeBytes) return layout15.parse(input);
  if (input.length === layout15Ex.sizeBytes) return layout15Ex.parse(input);
  throw new EnclosError('SGX_STRUCTURE_INVALID', `A TD report is 584, 648 or 885 bytes, not ${input.length}.`);
}

/** @throws SGX_STRUCTURE_INVALID naming the field that does not fit. */
export function encodeTdReport(report: TdReport10 | TdReport15 | TdReport15Ex): Uint8Array {
  if ('tdId' in report) return layout15Ex.encode(report);
  return 'teeTcbSvn2' in report ? layout15.encode(report) : layout10.encode(report);
}
