import type { View } from '../view/view.ts';
import { parseNetwork } from '../forms/addresses.ts';
import { isLabelValue, isQualifiedName } from '../forms/names.ts';
import { checkUnique, type TypeRules } from '../view/rule.ts';

export const schedulingRules: TypeRules = {
  V1Toleration(view) {
    const operator = view.textOr('operator', 'Equal');
    if (view.text('key') === '' && operator !== 'Exists') {
      view.conflict('operator', `is ${operator} without a key`, 'Add a key, or use operator: Exists.');
    }
    if (view.has('tolerationSeconds') && view.text('effect') !== 'NoExecute') {
      view.conflict('tolerationSeconds', 'is for effect: NoExecute', 'Remove it, or use effect: NoExecute.');
    }
    const value = view.text('value');
    if (operator === 'Exists' && value !== '') view.conflict('value', 'is set, and operator is Exists', 'Remove it.');
    if (operator === 'Equal' && !isLabelValue(value)) view.invalid('value', labelValue);
  },
  V1NodeSpec(view) {
    // The first of the list is the single field, which goes before it.
    const single = view.text('podCIDR');
    for (const { text, span } of single === ''
      ? view.texts('podCIDRs')
      : [{ text: single, span: view.valueSpan('podCIDR') }]) {
      if (parseNetwork(text) !== undefined) continue;
      const words = `${view.path} has the network ${JSON.stringify(text.slice(0, 80))}`;
      view.report('K8S_VALUE_INVALID', span, words, 'It must be a network with its prefix, such as 10.9.8.0/24.');
    }
    checkUnique(
      view,
      view.each('taints').map((taint) => ({ text: `${taint.text('key')}:${taint.text('effect')}`, span: taint.span })),
      (key) => `two taints are ${key.slice(0, 100)}`,
    );
  },
  V1Taint(view) {
    if (!isLabelValue(view.text('value'))) view.invalid('value', labelValue);
  },
  V1LabelSelectorRequirement: (view) => checkRequirement(view),
  V1NodeSelectorTerm(view) {
    for (const requirement of view.each('matchExpressions')) checkNodeRequirement(requirement);
    for (const requirement of view.each('matchFields')) {
      const operator = requirement.text('operator');
      if (requirement.text('key') !== 'metadata.name') requirement.invalid('key', 'metadata.name');
      if (operator !== 'In' && operator !== 'NotIn') requirement.invalid('operator', 'In or NotIn');
      if (requirement.size('values') !== 1) requirement.conflict('values', 'must have one value');
    }
  },
  V1PodAffinityTerm: checkLabelKeys,
  V1TopologySpreadConstraint(view) {
    checkLabelKeys(view);
    const unsatisfiable = view.text('whenUnsatisfiable');
    if (!view.has('minDomains') || unsatisfiable === 'DoNotSchedule' || unsatisfiable === '') return;
    view.conflict('minDomains', `is set, and whenUnsatisfiable is ${unsatisfiable}`, 'Use DoNotSchedule.');
  },
  V1Scheduling(view) {
    const keys = view.each('tolerations').map((one) => ({
      text: ['key', 'operator', 'value', 'effect'].map((name) => one.text(name)).join(' '),
      span: one.span,
    }));
    checkUnique(view, keys, () => 'two tolerations are the same');
  },
};

const labelValue = 'at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends';

/** A pod has each topology and action once. */
export function checkSpreadConstraints(view: View): void {
  const constraints = view.each('topologySpreadConstraints').map((one) => ({
    text: `${one.text('topologyKey')} ${one.text('whenUnsatisfiable')}`,
    span: one.span,
  }));
  checkUnique(view, constraints, (key) => `two spread constraints have ${key.slice(0, 100)}`);
}

/** Operators with values, and without. */
function checkRequirement(view: View): void {
  const operator = view.text('operator');
  const count = view.size('values');
  if ((operator === 'In' || operator === 'NotIn') && count === 0) {
    view.missing('values', `Add values: the operator is ${operator}.`);
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
    view.conflict('values', `are set, and the operator is ${operator}`, 'Remove them, or use In.');
  }
  for (const { text, span } of view.texts('values')) {
    if (isLabelValue(text)) continue;
    view.report('K8S_LABEL_INVALID', span, `${view.path}: the value ${JSON.stringify(text.slice(0, 80))}`);
  }
}

function checkNodeRequirement(view: View): void {
  checkRequirement(view);
  const operator = view.text('operator');
  const key = view.text('key');
  if (key !== '' && !isQualifiedName(key)) view.invalid('key', 'the key of a label');
  if ((operator === 'Gt' || operator === 'Lt') && view.size('values') !== 1) {
    view.conflict('values', `must have one value for ${operator}`);
  }
}

/** Keys whose values come from the pod itself. */
function checkLabelKeys(view: View): void {
  const selected = new Set(
    view
      .child('labelSelector')
      ?.entries('matchLabels')
      .map(([name]) => name),
  );
  const expressions = view.child('labelSelector')?.each('matchExpressions') ?? [];
  for (const requirement of expressions) selected.add(requirement.text('key'));
  for (const name of ['matchLabelKeys', 'mismatchLabelKeys']) {
    const keys = view.texts(name);
    if (keys.length > 0 && !view.has('labelSelector')) view.conflict(name, 'needs labelSelector');
    for (const { text, span } of name === 'matchLabelKeys' ? keys : []) {
      if (!selected.has(text)) continue;
      view.report('K8S_FIELDS_CONFLICT', span, `${view.pathOf(name)} has "${text.slice(0, 80)}", as labelSelector has`);
    }
  }
  const both = new Set(view.texts('mismatchLabelKeys').map(({ text }) => text));
  if (view.texts('matchLabelKeys').some(({ text }) => both.has(text))) {
    view.conflict('matchLabelKeys', 'and mismatchLabelKeys have the same key');
  }
}
