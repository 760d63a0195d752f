import type { IsolationLayer } from '@enclos/tee';
import { planBubblewrap } from './bubblewrap.ts';
import { layer, planUtilLinux, type IsolationPlan, type PlanOptions } from './plan.ts';

/**
 * Looks at what the machine gives and takes the way with the most layers. Where
 * both give all, util-linux: what a killed platform leaves of it while it starts
 * ends by itself, and a child of bubblewrap can wait for ever.
 */
export function planIsolation(options: PlanOptions): IsolationPlan {
  const utilLinux = planUtilLinux(options);
  if (activeLayers(utilLinux) === utilLinux.layers.length) return utilLinux;
  return choosePlan([utilLinux, planBubblewrap(options)]);
}

/** Both ways, also where one of them is enough: for a person who asks what the machine has. */
export function planAllWays(options: PlanOptions): readonly IsolationPlan[] {
  return Object.freeze([planUtilLinux(options), planBubblewrap(options)]);
}

/** The plan that {@link planIsolation} takes of these, with every way to what it lacks. */
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
