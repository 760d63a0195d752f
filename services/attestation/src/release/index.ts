export { evaluateRelease, type ReleaseGrant } from './evaluate.ts';
export {
  parseReleasePolicy,
  type ClaimCondition,
  type GroupCondition,
  type ReleaseAuthority,
  type ReleaseCondition,
  type ReleaseOperator,
  type ReleasePolicy,
} from './policy.ts';
export { releaseKeyOf } from './release-key.ts';
export { wrapSecret, type WrapAlgorithm, type WrappedSecret } from './wrap.ts';
