import type { PlatformAudit } from '../platform-audit.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { QuotingEnclave } from '../quoting/quoting-enclave.ts';
import type { VerifiedInterpreter } from './interpreter/interpreter.ts';
import type { IsolationPlan } from './isolation/plan.ts';
import type { RuntimeFolder } from './runtime-folder.ts';
import type { Separation } from './separation/separation.ts';

/** What every connection of one platform process shares. The keys are behind `cpu` and nowhere else. */
export interface PlatformServices {
  readonly cpu: Cpu;
  readonly quotingEnclave: QuotingEnclave;
  readonly interpreter: VerifiedInterpreter;
  readonly isolation: IsolationPlan;
  readonly separation: 'single-user' | 'separated';
  readonly cpuSvn: Uint8Array;
  readonly rootCertificatePem: string;
  /** SHA-256 of the root's SubjectPublicKeyInfo. */
  readonly rootFingerprint: Uint8Array;
  /** The current endorsements, as JSON. */
  endorsements(): Promise<string>;
  readonly runtimeFolder: RuntimeFolder;
  /** Where everything that the platform does is written down, if anywhere. */
  readonly audit?: PlatformAudit | undefined;
  /** Present on a separated platform. */
  readonly separated: Separation | undefined;
}
