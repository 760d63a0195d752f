export { compileStub } from './compile.ts';
export { buildNative, freestandingFlags } from './native.ts';
