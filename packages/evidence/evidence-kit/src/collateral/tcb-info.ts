import { omit } from '../omit.ts';

/** `tcbStatus` of a level of the TCB info (PCS API v4). */
export type PlatformTcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked';

/** `tcbStatus` of a level of a TDX module or of an enclave. */
export type ComponentTcbStatus = 'UpToDate' | 'OutOfDate' | 'Revoked';

export interface TcbComponentJson {
  readonly svn: number;
  readonly category?: string;
  readonly type?: string;
}

export interface TcbLevelJson {
  readonly tcb: {
    /** 16 of them. */
    readonly sgxtcbcomponents: readonly TcbComponentJson[];
    readonly pcesvn: number;
    /** 16 of them, in TCB info of TDX. */
    readonly tdxtcbcomponents?: readonly TcbComponentJson[];
  };
  /** 2024-03-13T00:00:00Z, as all dates. */
  readonly tcbDate: string;
  readonly tcbStatus: PlatformTcbStatus;
  readonly advisoryIDs?: readonly string[];
}

/** A level of a TDX module or of an enclave. */
export interface ComponentTcbLevelJson {
  readonly tcb: { readonly isvsvn: number };
  readonly tcbDate: string;
  readonly tcbStatus: ComponentTcbStatus;
  readonly advisoryIDs?: readonly string[];
}

/** Bytes as upper-case hex. */
export interface TdxModuleJson {
  /** 48 bytes. */
  readonly mrsigner: string;
  /** 8 bytes. */
  readonly attributes: string;
  readonly attributesMask: string;
}

export interface TdxModuleIdentityJson extends TdxModuleJson {
  /** TDX_01 */
  readonly id: string;
  readonly tcbLevels: readonly ComponentTcbLevelJson[];
}

/** TCB info, version 3 (PCS API v4, "Get TCB Info"). Members are signed in the order in which they stand here. */
export interface TcbInfoJson {
  readonly id: 'SGX' | 'TDX';
  readonly version: 3;
  readonly issueDate: string;
  readonly nextUpdate: string;
  /** 6 bytes of upper-case hex. */
  readonly fmspc: string;
  /** 2 bytes of upper-case hex. */
  readonly pceId: string;
  readonly tcbType: number;
  readonly tcbEvaluationDataNumber: number;
  readonly tdxModule?: TdxModuleJson;
  readonly tdxModuleIdentities?: readonly TdxModuleIdentityJson[];
  readonly tcbLevels: readonly TcbLevelJson[];
}

/** Sixteen components; the last of those given is repeated. */
export function components(...svns: readonly number[]): readonly TcbComponentJson[] {
  return Array.from({ length: 16 }, (_, index) => ({ svn: svns[index] ?? svns.at(-1) ?? 0 }));
}

/**
 * The same TCB info in version 2: components have names instead of a list,
 * there is no `id`, and nothing of TDX.
 */
export function tcbInfoVersion2(info: TcbInfoJson): Readonly<Record<string, unknown>> {
  return {
    ...omit(info, 'id', 'tdxModule', 'tdxModuleIdentities'),
    version: 2,
    tcbLevels: info.tcbLevels.map(({ tcb, ...level }) => ({
      tcb: {
        ...Object.fromEntries(
          tcb.sgxtcbcomponents.map(({ svn }, index) => [`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, svn]),
        ),
        pcesvn: tcb.pcesvn,
      },
      ...level,
    })),
  };
}
