export { vectors } from './vectors.ts';
