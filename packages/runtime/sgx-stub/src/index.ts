import './errors.ts';
export { findStub, type Stub } from './find-stub.ts';
