import { at, fieldsOf, isAbsent, keyOf, numberOf, textOf, type MapNode, type YamlNode } from '../../yaml/node.ts';
import { parseQuantity, type Quantity } from '../quantity.ts';
import type { Report } from '../report.ts';
import type { ObjectPlace } from './object-place.ts';

/** Fields that are right by themselves, and refused together. */
export function checkConflicts(node: MapNode, { typeName, path }: ObjectPlace, report: Report): void {
  switch (typeName) {
    case 'V1Container':
      for (const probe of ['livenessProbe', 'startupProbe']) checkThreshold(node, probe, path, report);
      return;
    case 'V1EnvVar':
      if (isAbsent(at(node, 'valueFrom')) || (textOf(at(node, 'value')) ?? '') === '') return;
      return report('K8S_ONE_OF', keyOf(node, 'valueFrom'), `${path} has value and valueFrom`, 'Keep one of them.');
    case 'V1DeploymentStrategy':
      if (textOf(at(node, 'type')) !== 'Recreate' || isAbsent(at(node, 'rollingUpdate'))) return;
      return report('K8S_ONE_OF', keyOf(node, 'rollingUpdate'), `${path} is Recreate, and has rollingUpdate`);
    case 'V1NetworkPolicyPeer':
      return checkPeer(node, path, report);
    case 'V1ResourceRequirements':
      return checkAmounts(node, path, report);
  }
}

/** One success is enough for these two. */
function checkThreshold(node: MapNode, probe: string, path: string, report: Report): void {
  const threshold = at(node, probe, 'successThreshold');
  const count = numberOf(threshold);
  if (threshold === undefined || count === undefined || count <= 1) return;
  report('K8S_VALUE_INVALID', threshold, `${path}.${probe}.successThreshold is ${count}`, 'It must be 1.');
}

function checkPeer(node: MapNode, path: string, report: Report): void {
  if (isAbsent(at(node, 'ipBlock'))) return;
  for (const name of ['podSelector', 'namespaceSelector']) {
    if (isAbsent(at(node, name))) continue;
    report('K8S_ONE_OF', keyOf(node, name), `${path} has ipBlock and ${name}`, 'Make them two items of the list.');
  }
}

/** Extended resources have other rules. */
const measured = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;

function checkAmounts(node: MapNode, path: string, report: Report): void {
  const amounts = (list: string) =>
    fieldsOf(at(node, list)).flatMap(([name, { value }]) => {
      const amount = measured.test(name) ? quantityOf(value) : undefined;
      return amount === undefined ? [] : [{ name, value, amount, path: `${path}.${list}["${name}"]` }];
    });
  const limits = amounts('limits');
  const requests = amounts('requests');
  for (const one of [...limits, ...requests]) {
    if (one.amount.numerator < 0n) report('K8S_VALUE_INVALID', one.value, `${one.path} is less than none`);
  }
  for (const { name, value, amount, path: place } of requests) {
    const limit = limits.find((one) => one.name === name);
    if (limit === undefined || !isMore(amount, limit.amount)) continue;
    report('K8S_VALUE_INVALID', value, `${place} is more than the limit`, 'Lower the request, or raise the limit.');
  }
}

function quantityOf(node: YamlNode): Quantity | undefined {
  return node.kind === 'scalar' && node.value !== null ? parseQuantity(String(node.value)) : undefined;
}

const isMore = (a: Quantity, b: Quantity): boolean => a.numerator * b.denominator > b.numerator * a.denominator;
