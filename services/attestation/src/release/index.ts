export { evaluateRelease } from './evaluate.ts';
export { parseReleasePolicy, type ReleasePolicy } from './policy.ts';
export { releaseKeyOf } from './release-key.ts';
export { wrapSecret, type WrapAlgorithm } from './wrap.ts';
