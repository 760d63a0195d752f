export { loadEnclave, type Enclave, type HostContext, type LoadOptions } from './enclave.ts';
export { fromEnvironment, hostVariables, type HostEnvironment } from './environment.ts';
