import type { View } from '../view/view.ts';
import { amountOf } from './resources.ts';
import { checkEither, forbid, type TypeRules } from '../view/rule.ts';

export const autoscalingRules: TypeRules = {
  V1HorizontalPodAutoscalerSpec: checkBounds,
  V2HorizontalPodAutoscalerSpec: checkBounds,
  V2HPAScalingRules(view) {
    if (view.has('policies') && view.size('policies') === 0) {
      view.missing('policies', 'Add a policy, or remove the field.');
    }
  },
  V2MetricSpec(view) {
    const field = sources.get(view.text('type'));
    if (field === undefined) return;
    if (!view.has(field)) view.missing(field, `Add "${field}": the type says so.`);
    const others = [...sources.values()].filter((name) => name !== field);
    forbid(view, others, `is set, and type is ${view.text('type')}`);
  },
  V2MetricTarget(view) {
    for (const name of ['value', 'averageValue']) {
      const amount = amountOf(view, name);
      if (amount !== undefined && amount.numerator <= 0n) view.invalid(name, 'more than 0');
    }
  },
  V2ResourceMetricSource: (view) => checkTarget(view, ['averageUtilization', 'averageValue']),
  V2ContainerResourceMetricSource: (view) => checkTarget(view, ['averageUtilization', 'averageValue']),
  V2ExternalMetricSource: (view) => checkTarget(view, ['value', 'averageValue']),
  V2ObjectMetricSource(view) {
    const target = view.child('target');
    if (target !== undefined && !target.has('value') && !target.has('averageValue')) target.missing('value');
  },
  V2PodsMetricSource(view) {
    const target = view.child('target');
    if (target !== undefined && !target.has('averageValue')) target.missing('averageValue');
  },
};

const sources: ReadonlyMap<string, string> = new Map([
  ['Object', 'object'],
  ['Pods', 'pods'],
  ['Resource', 'resource'],
  ['External', 'external'],
  ['ContainerResource', 'containerResource'],
]);

function checkBounds(view: View): void {
  const target = view.child('scaleTargetRef');
  if (target !== undefined && !/^[^/]+\/[^/]+$/.test(target.text('apiVersion'))) {
    target.invalid('apiVersion', 'a group and a version, such as apps/v1');
  }
  const [least, most] = [view.number('minReplicas') ?? 1, view.number('maxReplicas')];
  if (most === undefined || most < 1 || most >= least) return;
  view.conflict('maxReplicas', `is ${most}, and minReplicas is ${least}`, 'Raise maxReplicas.');
}

/** One of two ways to say how much. */
function checkTarget(view: View, names: readonly [string, string]): void {
  const target = view.child('target');
  if (target !== undefined) checkEither(target, names);
}
