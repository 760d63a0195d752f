import { evaluatePolicy, parsePolicy, PolicyError, type Evaluation, type Policy } from '@enclos/claim-rules';
import { allPolicyCosts, type CostOf, type PolicyCost } from '@enclos/testkit';
import { benchServiceCost } from './cost-service.ts';
import { atMost, type Figure } from './harness/figures.ts';
import { paceOfMachine, processorMs } from './harness/pace.ts';
import { median } from './harness/statistics.ts';

/** As the attestation service bounds the policies of tenants; the text is larger, so that it is not what ends a case. */
const limits = { maxSteps: 1_000_000, maxStringBytes: 1_048_576, maxTextBytes: 1_048_576 };
const mostMsPer10kSteps = 2;
const leastSteps = 100_000;
const largestSize = 262_144;
const rounds = 5;

/**
 * What the evaluation of policies costs for each step that it is charged, and what hostile drafts cost a service. Its bounds are
 * times, and so are scaled to the pace of the machine.
 */
export async function benchCost(): Promise<readonly Figure[]> {
  const before = paceOfMachine();
  const cases = [...allPolicyCosts()].map(([name, costOf]) => ({ name, each: msFor10kSteps(costOf) }));
  const pace = Math.max(before, paceOfMachine());
  const [worst = { name: 'none', each: Number.NaN }] = cases.toSorted((left, right) => right.each - left.each);
  const middle = median(cases.map(({ each }) => each));
  return [
    ...cases.map(({ name, each }): Figure => ({ ...figureOf(name, each, pace), isDetail: true })),
    figureOf(`the slowest of ${cases.length} worst cases, ${worst.name}`, worst.each, pace),
    figureOf('the median of them', middle, pace),
    {
      what: 'cost: how much slower this machine is than that of the bounds, which are longer by as much',
      ours: pace.toFixed(2),
    },
    ...(await benchServiceCost(pace)),
  ];
}

function figureOf(name: string, each: number, pace: number): Figure {
  const most = Number((mostMsPer10kSteps * pace).toFixed(2));
  return {
    what: `cost: ${name}`,
    ours: `${each.toFixed(2)} ms`,
    peer: `${most} ms`,
    ratio: (each / most).toFixed(2),
    bound: atMost(most, each, ' ms for 10,000 steps'),
  };
}

interface Prepared {
  readonly policy: Policy;
  readonly cost: PolicyCost;
  readonly steps: number;
}

function msFor10kSteps(costOf: CostOf): number {
  const { policy, cost, steps } = largest(costOf);
  const times = Math.max(1, Math.ceil(leastSteps / steps));
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = processorMs();
    for (let time = 0; time < times; time++) evaluated(policy, cost);
    // The first round warms up.
    if (round > 0) samples.push(processorMs() - start);
  }
  return (median(samples) / (times * steps)) * 10_000;
}

/** The largest case of those that double which the limits let through, or the first with enough steps to measure. */
function largest(costOf: CostOf): Prepared {
  let found: Prepared | undefined;
  for (let size = 256; size <= largestSize; size *= 2) {
    const prepared = withinLimits(costOf(size));
    if (prepared === undefined || prepared.steps === found?.steps) break;
    found = prepared;
    if (prepared.steps >= leastSteps) break;
  }
  if (found === undefined) throw new Error('the smallest case is beyond the limits.');
  return found;
}

function withinLimits(cost: PolicyCost): Prepared | undefined {
  try {
    const policy = parsePolicy(cost.policy, limits);
    return { policy, cost, steps: evaluated(policy, cost).steps };
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'CLAIM_RULES_LIMIT') return undefined;
    throw error;
  }
}

function evaluated(policy: Policy, { claims }: PolicyCost): Evaluation {
  return evaluatePolicy(policy, { claims, limits });
}
