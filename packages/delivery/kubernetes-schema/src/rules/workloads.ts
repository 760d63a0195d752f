import type { View } from '../view/view.ts';
import { percentOf } from '../forms/names.ts';
import { matches } from '../forms/selector.ts';
import { textOf } from '../yaml/node.ts';
import { checkClaimTemplates } from './storage.ts';
import { forbid, type TypeRules } from '../view/rule.ts';

export const workloadRules: TypeRules = {
  V1DeploymentSpec(view) {
    checkSelected(view, 'Deployment');
    const deadline = view.number('progressDeadlineSeconds') ?? usualDeadlineSeconds;
    const ready = view.number('minReadySeconds') ?? 0;
    if (ready < deadline) return;
    const name = view.has('minReadySeconds') ? 'minReadySeconds' : 'progressDeadlineSeconds';
    view.conflict(
      name,
      `does not go with the deadline of ${deadline} seconds`,
      'progressDeadlineSeconds must be more than minReadySeconds.',
    );
  },
  V1ControllerRevision(view) {
    const data = view.raw('data');
    if (data !== undefined && data.kind !== 'map') view.conflict('data', 'is not a map', 'Write an object.');
  },
  V1ReplicaSetSpec: (view) => checkSelected(view, 'ReplicaSet'),
  V1StatefulSetSpec(view) {
    checkSelected(view, 'StatefulSet');
    checkClaimTemplates(view);
  },
  V1DaemonSetSpec: (view) => checkSelected(view, 'DaemonSet'),
  V1ReplicationControllerSpec(view) {
    const template = view.child('template');
    const selector = view.entries('selector').map(([key, { value }]) => [key, textOf(value) ?? ''] as const);
    const labels = labelsOf(template);
    if (selector.length === 0 && labels.size === 0) {
      view.missing('selector', 'Add a selector, or labels to the template.');
    }
    if (selector.some(([key, text]) => labels.get(key) !== text)) mismatch(view);
    checkPods(view, 'ReplicationController');
  },
  V1DeploymentStrategy(view) {
    if (view.text('type') !== 'Recreate' || !view.has('rollingUpdate')) return;
    view.report('K8S_ONE_OF', view.spanOf('rollingUpdate'), `${view.path} is Recreate, and has rollingUpdate`);
  },
  V1StatefulSetUpdateStrategy(view) {
    if (view.text('type') === 'OnDelete') forbid(view, ['rollingUpdate'], 'is set, and type is OnDelete');
  },
  V1RollingUpdateDeployment(view) {
    if (!isZero(view, 'maxUnavailable') || !isZero(view, 'maxSurge')) return;
    view.conflict(
      'maxUnavailable',
      'and maxSurge are both 0',
      'No pod could be replaced: set one of them to 1 or more.',
    );
  },
  V1RollingUpdateDaemonSet(view) {
    const [unavailable, surge] = [isZero(view, 'maxUnavailable'), isZero(view, 'maxSurge')];
    const hasNoSurge = surge || !view.has('maxSurge');
    if (unavailable && hasNoSurge) {
      view.conflict(
        'maxUnavailable',
        'is 0, and so is maxSurge',
        'No pod could be replaced: set one of them to 1 or more.',
      );
    }
    if (hasNoSurge || unavailable) return;
    view.conflict('maxSurge', 'is set, and maxUnavailable is not 0', 'Set maxUnavailable: 0. Without it, it is 1.');
  },
};

const usualDeadlineSeconds = 600;

function isZero(view: View, name: string): boolean {
  const node = view.raw(name);
  const value = node?.kind === 'scalar' ? node.value : undefined;
  return value === 0 || (typeof value === 'string' && percentOf(value) === 0);
}

function labelsOf(template: View | undefined): ReadonlyMap<string, string> {
  const labels = template?.entries('metadata', 'labels') ?? [];
  return new Map(labels.map(([key, { value }]) => [key, textOf(value) ?? '']));
}

function mismatch(view: View): void {
  view.report('K8S_SELECTOR_MISMATCH', view.spanOf('selector'), 'the pods of the template do not match the selector');
}

function checkSelected(view: View, kind: string): void {
  const selector = view.child('selector');
  if (selector !== undefined) {
    if (selector.size('matchLabels') + selector.size('matchExpressions') === 0) {
      view.conflict('selector', 'is empty, and selects everything', 'Select by a label of the template.');
    } else checkMatch(view, selector);
  }
  checkPods(view, kind);
}

/** The pods of a template are those that its owner selects. */
export function checkMatch(view: View, selector: View): void {
  const labels = labelsOf(view.child('template'));
  for (const [name, { key, value }] of selector.entries('matchLabels')) {
    const wanted = textOf(value) ?? '';
    if (labels.get(name) === wanted) continue;
    const text = `the selector wants ${name}: ${wanted}, and the pods of the template do not have it`;
    view.report('K8S_SELECTOR_MISMATCH', key, text);
  }
  for (const requirement of selector.each('matchExpressions')) {
    const values = requirement.texts('values').map(({ text }) => text);
    if (matches(labels, requirement.text('key'), requirement.text('operator'), values)) continue;
    view.report('K8S_SELECTOR_MISMATCH', requirement.span, `the pods of the template do not match ${requirement.path}`);
  }
}

/** Pods that are replaced when they end. */
function checkPods(view: View, kind: string): void {
  const spec = view.child('template')?.child('spec');
  if (spec === undefined) return;
  const policy = spec.text('restartPolicy');
  if (policy === 'OnFailure' || policy === 'Never') {
    const text = `the pods of a ${kind} have restartPolicy: ${policy}`;
    spec.report('K8S_RESTART_POLICY', spec.spanOf('restartPolicy'), text, 'Use Always.');
  }
  forbid(spec, ['activeDeadlineSeconds'], `is not for the pods of a ${kind}`, 'Remove it, or make a Job.');
}
