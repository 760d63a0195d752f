import type { IsolationLayer } from '@enclos/tee';
import { planBubblewrap } from './bubblewrap.ts';
import { layer, planUtilLinux, type IsolationPlan, type PlanOptions } from './plan.ts';

/**
 * Tries what the machine offers, and takes the way with the most layers. When both give all layers, it takes util-linux: a
 * process that a killed platform leaves while it starts an enclave then ends by itself, whereas a child of bubblewrap can wait
 * for ever.
 */
export function planIsolation(options: PlanOptions): IsolationPlan {
  const utilLinux = planUtilLinux(options);
  if (activeLayers(utilLinux) === utilLinux.layers.length) return utilLinux;
  return choosePlan([utilLinux, planBubblewrap(options)]);
}

/** Tries both ways, even when one is enough: for people who ask what the machine offers. */
export function planAllWays(options: PlanOptions): readonly IsolationPlan[] {
  return Object.freeze([planUtilLinux(options), planBubblewrap(options)]);
}

/** The plan that {@link planIsolation} chooses from these. Each missing layer carries the advice of every way. */
export function choosePlan(plans: readonly IsolationPlan[]): IsolationPlan {
  const [first, ...others] = plans;
  if (first === undefined) throw new RangeError('There is no plan to choose from.');
  const chosen = others.reduce((best, plan) => (activeLayers(plan) > activeLayers(best) ? plan : best), first);
  const layers = chosen.layers.map((found) => (found.active ? found : withEveryWay(found, plans)));
  return Object.freeze({ ...chosen, layers: Object.freeze(layers) });
}

function withEveryWay({ name }: IsolationLayer, plans: readonly IsolationPlan[]): IsolationLayer {
  const missing = plans.flatMap(({ layers }) => layers.filter((other) => other.name === name && !other.active));
  return layer(name, false, [...new Set(missing.map(({ detail }) => detail))].join(' Or: '));
}

function activeLayers({ layers }: IsolationPlan): number {
  return layers.filter(({ active }) => active).length;
}
