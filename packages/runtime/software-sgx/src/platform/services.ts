import type { IsolationPlan, NativeFiles, ProgramServices, VerifiedInterpreter } from '@enclos/isolation';
import type { PlatformAudit } from '../platform-audit.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { QuotingEnclave } from '../quoting/quoting-enclave.ts';
import type { RuntimeFolder } from './runtime-folder.ts';
import type { Separation } from './separation/separation.ts';
import type { SgxServices } from './sgx/sgx-services.ts';

/** What companions are started with. */
export interface CompanionServices {
  readonly files: NativeFiles;
  /** Why none can run here, as a sentence. */
  readonly obstacle: string | undefined;
}

/** What all connections of one platform process share. Only `cpu` holds keys. */
export interface PlatformServices {
  readonly cpu: Cpu;
  readonly quotingEnclave: QuotingEnclave;
  readonly interpreter: VerifiedInterpreter;
  readonly isolation: IsolationPlan;
  /** What programs are started with. */
  readonly programs: ProgramServices;
  readonly companions: CompanionServices;
  /** What runs SGX images, or why they do not run here. */
  readonly sgx: SgxServices;
  /** Why a socket that is passed does not reach an enclave of this machine, as it was tried; undefined when it does. */
  readonly passingObstacle: () => Promise<string | undefined>;
  readonly separation: 'single-user' | 'separated';
  readonly cpuSvn: Uint8Array;
  readonly rootCertificatePem: string;
  /** SHA-256 of the root's SubjectPublicKeyInfo. */
  readonly rootFingerprint: Uint8Array;
  /** The current endorsements, as JSON. */
  endorsements(): Promise<string>;
  readonly runtimeFolder: RuntimeFolder;
  /** The audit log of the platform, if it has one. */
  readonly audit?: PlatformAudit | undefined;
  /** Present on a separated platform. */
  readonly separated: Separation | undefined;
}
