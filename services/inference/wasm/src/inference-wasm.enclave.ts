export { application } from '../../src/inference.enclave.ts';
