/** `@enclos/kubernetes/lint`: what checks manifests, without what writes them. */
export { lintManifests, type LintFile, type LintFinding, type LintOptions, type LintOutcome } from './lint.ts';
export type { ImageLabels } from './checks/images.ts';
export { parseTaint, type Taint } from './node-selection.ts';
export { kubernetesRelease } from '@enclos/kubernetes-schema';
export { lintRules, type LintCode, type LintRule, type Severity } from './rules.ts';
