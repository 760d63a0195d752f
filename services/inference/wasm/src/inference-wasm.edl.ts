export { inference } from '../../src/inference.edl.ts';
