import type { EnclaveIdentity } from './enclave-identity.ts';
import type { PckPlatform } from './sgx-extension.ts';
import type { TcbInfo } from './tcb-info.ts';

/** What is evaluated, and by what. */
export interface TcbInputs {
  readonly platform: PckPlatform;
  readonly qeIsvSvn: number;
  readonly tcbInfo: TcbInfo;
  readonly qeIdentity: EnclaveIdentity;
}
