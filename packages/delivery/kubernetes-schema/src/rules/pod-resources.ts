import type { View } from '../view/view.ts';
import { compareQuantities, type Quantity } from '../forms/quantity.ts';
import { amountsOf, checkAmounts } from './resources.ts';

const plus = (a: Quantity, b: Quantity): Quantity => {
  const numerator = a.numerator * b.denominator + b.numerator * a.denominator;
  const denominator = a.denominator * b.denominator;
  return { numerator, denominator, integer: numerator % denominator === 0n ? numerator / denominator : undefined };
};

/** The resources of a whole pod hold those of its containers. */
export function checkPodResources(view: View): void {
  checkAmounts(view, 'overhead', 'container');
  const own = view.child('resources');
  if (own === undefined) return;
  // Each list is read once: a pod of a stranger may have many containers and many resources.
  const containers = view.each('containers').flatMap((container) => {
    const inner = container.child('resources');
    return inner === undefined
      ? []
      : [{ path: inner.path, limits: amountsOf(inner, 'limits'), requests: amountsOf(inner, 'requests') }];
  });
  for (const [name, limit] of amountsOf(own, 'limits')) {
    for (const container of containers) {
      const inner = container.limits.get(name);
      if (inner === undefined || compareQuantities(inner.quantity, limit.quantity) <= 0) continue;
      const words = `${container.path}.limits["${name}"] is more than the limit of the pod`;
      view.report('K8S_FIELDS_CONFLICT', inner.value, words, 'Lower it, or raise the limit of the pod.');
    }
  }
  for (const [name, request] of amountsOf(own, 'requests')) {
    const inner = containers.flatMap((container) => {
      // A limit without a request is a request too.
      const amount = container.requests.get(name) ?? container.limits.get(name);
      return amount === undefined ? [] : [amount.quantity];
    });
    const [first, ...others] = inner;
    if (first === undefined || compareQuantities(others.reduce(plus, first), request.quantity) <= 0) continue;
    const words = `${own.path}.requests["${name}"] is less than its containers request`;
    view.report('K8S_FIELDS_CONFLICT', request.value, words, 'Raise it.');
  }
}
