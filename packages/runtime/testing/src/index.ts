import './errors.ts';
export { startEnclave, type StartOptions, type TestEnclave } from './start-enclave.ts';
