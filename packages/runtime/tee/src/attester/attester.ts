import type { Capabilities } from '../capabilities.ts';

/** What code inside an enclave asks its platform for. */
export interface Attester {
  readonly capabilities: Capabilities;
  /** EREPORT. @param targetInfo 512 bytes. @param reportData 64 bytes. @returns REPORT, 432 bytes. */
  report(targetInfo: Uint8Array, reportData: Uint8Array): Promise<Uint8Array>;
  /** EGETKEY. @param request KEYREQUEST, 512 bytes. @returns 16 bytes. @throws KEY_* as EGETKEY reports. */
  key(request: Uint8Array): Promise<Uint8Array>;
  /** Remote evidence over `reportData` (64 bytes). */
  quote(reportData: Uint8Array): Promise<Uint8Array>;
}
