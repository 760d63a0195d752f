import './errors.ts';
export { changesOf, type Change, type ChangeKind } from './deploy/changes.ts';
export type { CheckedRoots, KubernetesObject } from './deploy/objects.ts';
export { firstSettings, settingsText, type DeployableEnclave } from './deploy/first-settings.ts';
export { DEPLOY_FILE, parseDeploySettings } from './deploy/parse.ts';
export {
  planDeployment,
  type DeployFlags,
  type DeployInputs,
  type DeployPlan,
  type EnclaveNetwork,
  type VerifiedDeployImage,
} from './deploy/plan.ts';
export { deployFormats, renderDeployment, type DeployFile, type DeployFormat } from './deploy/render.ts';
export { deploySchemaDocument, profiles, type DeploySettings, type ProfileName } from './deploy/settings.ts';
