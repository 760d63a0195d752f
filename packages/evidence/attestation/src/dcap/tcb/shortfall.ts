import type { TcbComponent } from './tcb-info.ts';
import type { TcbInputs } from './tcb-inputs.ts';
import { firstTdxComponent, hasModuleIdentity, moduleIdentityFor } from './tdx-module.ts';

/** One security version that keeps a platform from the highest level. */
export interface Shortfall {
  /**
   * `sgx`, `tdx`: a component of the TCB; `pce`: the provisioning certification
   * enclave; `tdx-module`: the ISVSVN of the TDX module; `qe`: the quoting enclave.
   */
  readonly component: 'sgx' | 'tdx' | 'pce' | 'tdx-module' | 'qe';
  /** The index in the component, from 0; 0 for a component with one number. */
  readonly index: number;
  readonly has: number;
  readonly needs: number;
  /** Intel's words for an SGX component: what to update. */
  readonly category?: string;
  readonly type?: string;
}

/** What is below the highest level: what an update has to raise. */
export function findShortfall(inputs: TcbInputs, teeTcbSvn: Uint8Array | undefined): readonly Shortfall[] {
  const { platform, qeIsvSvn, tcbInfo, qeIdentity } = inputs;
  const [highest] = tcbInfo.tcbLevels;
  const short = [
    ...componentShortfall('sgx', platform.tcbComponents, highest?.components ?? []),
    ...(teeTcbSvn === undefined ? [] : componentShortfall('tdx', teeTcbSvn, highest?.tdxComponents ?? [])),
    ...enclaveShortfall('pce', platform.pceSvn, highest?.pceSvn),
  ];
  if (hasModuleIdentity(teeTcbSvn)) {
    const [highestModule] = moduleIdentityFor(tcbInfo, teeTcbSvn)?.tcbLevels ?? [];
    short.push(...enclaveShortfall('tdx-module', teeTcbSvn[0] ?? 0, highestModule?.isvSvn));
  }
  short.push(...enclaveShortfall('qe', qeIsvSvn, qeIdentity.tcbLevels[0]?.isvSvn));
  return Object.freeze(short);
}

function componentShortfall(
  component: 'sgx' | 'tdx',
  svns: readonly number[] | Uint8Array,
  level: readonly TcbComponent[],
): Shortfall[] {
  const short: Shortfall[] = [];
  for (let index = svns instanceof Uint8Array ? firstTdxComponent(svns) : 0; index < level.length; index++) {
    const named = level[index];
    const has = svns[index] ?? 0;
    if (named === undefined || has >= named.svn) continue;
    const { svn: needs, ...words } = named;
    short.push(Object.freeze({ component, index, has, needs, ...words }));
  }
  return short;
}

function enclaveShortfall(component: 'pce' | 'tdx-module' | 'qe', has: number, needs = 0): Shortfall[] {
  return has < needs ? [Object.freeze({ component, index: 0, has, needs })] : [];
}
