import type { QuoteBody, TdReport10, TdReport15Ex } from '@enclos/sgx';
import type { Changes } from './synthetic-platform.ts';

type Json = Record<string, unknown>;

/** The TEE_TCB_SVN of a TDX module: its SVN, its version, the SVN of what loaded it. */
export function teeTcbSvn(moduleSvn: number, moduleVersion = 1, loader = 5): Uint8Array {
  const svn = new Uint8Array(16);
  svn.set([moduleSvn, moduleVersion, loader]);
  return svn;
}

const blank = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

const goodTd: TdReport10 = {
  teeTcbSvn: teeTcbSvn(3),
  mrSeam: blank(48, 0x11),
  mrSignerSeam: blank(48, 0),
  seamAttributes: blank(8, 0),
  tdAttributes: 0x1000_0000n,
  xfam: 0x061a_e7n,
  mrTd: blank(48, 0x22),
  mrConfigId: blank(48, 0),
  mrOwner: blank(48, 0),
  mrOwnerConfig: blank(48, 0),
  rtmr0: blank(48, 0x30),
  rtmr1: blank(48, 0x31),
  rtmr2: blank(48, 0x32),
  rtmr3: blank(48, 0x33),
  reportData: blank(64, 9),
};

const goodEx: TdReport15Ex = {
  ...goodTd,
  teeTcbSvn2: teeTcbSvn(3),
  mrServiceTd: blank(48, 0),
  vmId: blank(1, 1),
  tdId: blank(32, 2),
  deviceInfo: blank(48, 3),
  initialServiceTdHash: blank(48, 4),
  initialServiceTdAttributes: blank(8, 5),
  initialCpuSvn: blank(16, 6),
  initialTeeTcbSvn: blank(16, 7),
  initialTeeFmspc: blank(12, 8),
  currentServiceTdHash: blank(48, 9),
  currentServiceTdAttributes: blank(8, 10),
};

export type TdType = Exclude<QuoteBody['type'], 'sgx'>;

/** A body of the type, with the good values but for the changes. */
export function tdBody(type: TdType, changes: Partial<TdReport15Ex> = {}): QuoteBody {
  const report = { ...goodEx, ...changes };
  if (type === 'td-1.5-ex') return { type, report };
  const { teeTcbSvn2, mrServiceTd, ...rest } = report;
  const td10 = Object.fromEntries(
    Object.keys(goodTd).map((name) => [name, Reflect.get(rest, name)]),
  ) as unknown as TdReport10;
  return type === 'td-1.0' ? { type, report: td10 } : { type, report: { ...td10, teeTcbSvn2, mrServiceTd } };
}

/** A TCB level of TDX; the TDX components 0 and 1 are far too high for any module, and must not be compared. */
export function tdxLevel(svn: number, tcbStatus: string, advisoryIDs: readonly string[] = []): Json {
  const components = (count: number, value: number): readonly Json[] =>
    Array.from({ length: count }, () => ({ svn: value }));
  return {
    tcb: {
      sgxtcbcomponents: components(16, 2),
      pcesvn: 2,
      tdxtcbcomponents: [
        { svn: 200 },
        { svn: 200 },
        { svn, category: 'OS/VMM', type: 'SEAMLDR ACM' },
        ...components(13, 0),
      ],
    },
    tcbDate: `202${svn}-01-01T00:00:00Z`,
    tcbStatus,
    advisoryIDs,
  };
}

export function moduleLevel(isvsvn: number, tcbStatus: string, advisoryIDs: readonly string[] = []): Json {
  return { tcb: { isvsvn }, tcbDate: `202${isvsvn}-03-01T00:00:00Z`, tcbStatus, advisoryIDs };
}

const zeroModule = {
  mrsigner: '00'.repeat(48),
  attributes: '0000000000000000',
  attributesMask: 'FFFFFFFFFFFFFFFF',
};

export function moduleIdentity(id: string, tcbLevels: readonly Json[], changes: Json = {}): Json {
  return { id, ...zeroModule, ...changes, tcbLevels };
}

const tdxFields: Json = {
  id: 'TDX',
  tdxModule: zeroModule,
  tdxModuleIdentities: [
    moduleIdentity('TDX_03', [moduleLevel(1, 'UpToDate')]),
    moduleIdentity('TDX_01', [
      moduleLevel(3, 'UpToDate'),
      moduleLevel(2, 'OutOfDate', ['M']),
      moduleLevel(1, 'Revoked'),
    ]),
  ],
  tcbLevels: [tdxLevel(5, 'UpToDate'), tdxLevel(4, 'OutOfDate', ['P'])],
};

/** What makes the SGX platform of `makePlatform` one with a TD; the documents change what is there for TDX. */
export function tdChanges(
  body: QuoteBody,
  documents: Pick<Changes, 'tcbInfo' | 'qeIdentity'> = {},
): Changes & { readonly version: 4 | 5 } {
  const same = (good: Json): Json => good;
  return {
    version: body.type === 'td-1.0' ? 4 : 5,
    body,
    tcbInfo: (good) => (documents.tcbInfo ?? same)({ ...good, ...tdxFields }),
    qeIdentity: (good) => (documents.qeIdentity ?? same)({ ...good, id: 'TD_QE' }),
  };
}
