import type { View } from '../view/view.ts';
import { autoscalingRules } from './autoscaling.ts';
import { containerRules } from './containers.ts';
import { jobRules } from './jobs.ts';
import { namespaceRules } from './namespaces.ts';
import { networkRules } from './network.ts';
import { podRules } from './pods.ts';
import { quotaRules } from './quotas.ts';
import { rbacRules } from './rbac.ts';
import { resourceRules } from './resources.ts';
import { schedulingRules } from './scheduling.ts';
import { secretRules } from './secrets.ts';
import { securityRules } from './security.ts';
import { serviceRules } from './services.ts';
import { storageRules } from './storage.ts';
import { volumeRules } from './volumes.ts';
import { webhookRules } from './webhooks.ts';
import { workloadRules } from './workloads.ts';

const rules: ReadonlyMap<string, (view: View) => void> = new Map(
  [
    autoscalingRules,
    containerRules,
    jobRules,
    namespaceRules,
    networkRules,
    podRules,
    quotaRules,
    rbacRules,
    resourceRules,
    schedulingRules,
    secretRules,
    securityRules,
    serviceRules,
    storageRules,
    volumeRules,
    webhookRules,
    workloadRules,
  ].flatMap((group) => Object.entries(group)),
);

export function checkTogether(view: View): void {
  rules.get(view.typeName)?.(view);
}

/** Every type that has a rule, for a test that looks for each in the table of fields. */
export function typesWithTogetherRules(): readonly string[] {
  return [...rules.keys()];
}
