import '../errors.ts';
export type { InProcessEnclave, InProcessEnclaveOptions, InProcessHost } from './enclave.ts';
export type { InProcessIdentity } from './image.ts';
export type { InProcessEndorsements } from './machine.ts';
export { createInProcessPlatform, type InProcessPlatform, type InProcessPlatformOptions } from './platform.ts';
