import type { View } from '../view/view.ts';
import { compareQuantities, parseQuantity } from '../forms/quantity.ts';
import { isQualifiedName } from '../forms/names.ts';
import { isResourceName, mayOvercommit } from '../forms/resource-names.ts';
import { amountsOf, checkAmounts, type Amount } from './resources.ts';
import { checkUnique, forbid, keysIn, type TypeRules } from '../view/rule.ts';

export const quotaRules: TypeRules = {
  V1ResourceQuotaSpec(view) {
    checkAmounts(view, 'hard', 'quota');
    const scopes = new Set(view.texts('scopes').map(({ text }) => text));
    const selected = view.child('scopeSelector')?.each('matchExpressions') ?? [];
    for (const requirement of selected) scopes.add(requirement.text('scopeName'));
    for (const [one, other] of opposites) {
      if (!scopes.has(one) || !scopes.has(other)) continue;
      view.conflict(
        view.size('scopes') > 0 ? 'scopes' : 'scopeSelector',
        `has ${one} and ${other}`,
        'Keep one of them.',
      );
    }
  },
  V1ScopedResourceSelectorRequirement(view) {
    const [operator, count] = [view.text('operator'), view.size('values')];
    const ofClass = view.text('scopeName') === 'PriorityClass' || view.text('scopeName') === 'VolumeAttributesClass';
    if (!ofClass && operator !== 'Exists' && view.text('scopeName') !== '') {
      view.conflict('operator', 'must be Exists for this scope');
    }
    if ((operator === 'In' || operator === 'NotIn') && count === 0) {
      view.missing('values', `Add values: the operator is ${operator}.`);
    }
    if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
      view.conflict('values', `are set, and the operator is ${operator}`);
    }
  },
  V1LimitRangeSpec(view) {
    checkUnique(view, keysIn(view.each('limits'), 'type'), (key) => `two limits are for ${key.slice(0, 80)}`);
  },
  V1LimitRangeItem: checkLimit,
};

const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
/** A smaller one first: each may not be more than those after it. */
const ordered = ['min', 'defaultRequest', 'default', 'max'] as const;

function checkLimit(view: View): void {
  const type = view.text('type');
  if (type !== '' && !types.has(type) && !(type.includes('/') && isQualifiedName(type))) {
    view.invalid('type', 'Pod, Container or PersistentVolumeClaim');
  }
  if (type === 'Pod') {
    for (const name of ['default', 'defaultRequest']) {
      if (view.size(name) > 0) forbid(view, [name], 'is not for type: Pod');
    }
  }
  const lists = new Map([...ordered, 'maxLimitRequestRatio'].map((name) => [name, amountsOf(view, name)] as const));
  const asker = type === 'Pod' || type === 'Container' ? 'container' : 'any';
  for (const [list, amounts] of lists) {
    for (const { name, key } of amounts.values()) {
      if (isResourceName(name, asker)) continue;
      view.report('K8S_VALUE_INVALID', key, `${view.path}.${list}["${name.slice(0, 80)}"] is not a resource`);
    }
  }
  if (type === 'PersistentVolumeClaim' && !lists.get('min')?.has('storage') && !lists.get('max')?.has('storage')) {
    view.missing('max', 'Add min or max of storage.');
  }
  checkOrder(view, lists);
}

const one = parseQuantity('1');

function checkOrder(view: View, lists: ReadonlyMap<string, ReadonlyMap<string, Amount>>): void {
  for (const [index, lower] of ordered.entries()) {
    for (const [name, amount] of lists.get(lower) ?? []) {
      for (const upper of ordered.slice(index + 1)) {
        const other = lists.get(upper)?.get(name);
        if (other === undefined) continue;
        const order = compareQuantities(amount.quantity, other.quantity);
        const path = `${view.path}.${lower}["${name}"]`;
        if (order > 0) {
          view.report('K8S_FIELDS_CONFLICT', amount.value, `${path} is more than ${upper}`, 'Lower it.');
        } else if (order < 0 && lower === 'defaultRequest' && upper === 'default' && !mayOvercommit(name)) {
          view.report('K8S_FIELDS_CONFLICT', amount.value, `${path} is not default`, 'Write one value in both.');
        }
      }
    }
  }
  for (const [name, { quantity, value }] of lists.get('maxLimitRequestRatio') ?? []) {
    if (one === undefined || compareQuantities(quantity, one) >= 0) continue;
    view.report(
      'K8S_VALUE_INVALID',
      value,
      `${view.path}.maxLimitRequestRatio["${name}"] is less than 1`,
      'At least 1.',
    );
  }
}
