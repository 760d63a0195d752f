export { evaluateRelease } from './evaluate.ts';
export { parseReleasePolicy, type ReleasePolicy } from './policy.ts';
export { releaseKeyOf } from './release-key.ts';
export {
  isWrapAlgorithm,
  usualAlgorithm,
  wrapAlgorithms,
  wrapSecret,
  type WrapAlgorithm,
  type WrappedSecret,
} from './wrap.ts';
