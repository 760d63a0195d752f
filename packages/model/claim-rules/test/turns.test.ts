import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPolicyCosts } from '@enclos/testkit';
import fc from 'fast-check';
import {
  evaluateConfiguration,
  evaluateConfigurationInTurns,
  evaluatePolicy,
  evaluatePolicyInTurns,
  parsePolicy,
  PolicyError,
  type EvaluationOptions,
  type Policy,
  type Turns,
} from '../src/index.ts';
import { claim } from './claims.ts';
import { policyText } from './policies.ts';

const sliceMs = 20;
const limits = { maxTextBytes: 1_048_576, maxSteps: 5_000_000 };
/** Beside what one text costs, which is read without a pause: eight steps a character where it is a query. */
const mostStepsBetweenPauses = 4_096;
const mostStepsACharacter = 8;

/** A clock that goes on by so much with each look, and how often was paused. */
function turnsOf(stepMs: number): Turns & { readonly pauses: () => number } {
  let [now, pauses] = [0, 0];
  return {
    elapsed: () => (now += stepMs),
    pause: () => {
      pauses++;
      return Promise.resolve();
    },
    sliceMs,
    pauses: () => pauses,
  };
}

function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.message;
  }
}

async function outcomeInTurns(policy: Policy, options: EvaluationOptions, turns: Turns): Promise<unknown> {
  try {
    return await evaluatePolicyInTurns(policy, { ...options, turns });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.message;
  }
}

for (const [name, costOf] of allPolicyCosts()) {
  test(`it pauses, and ends as it does without pauses: ${name}`, async () => {
    const { policy: text, claims } = costOf(2048);
    const policy = parsePolicy(text, limits);
    const turns = turnsOf(sliceMs);
    const inTurns = await evaluatePolicyInTurns(policy, { claims, limits, turns });
    assert.deepEqual(inTurns, evaluatePolicy(policy, { claims, limits }));
    const longest = Math.max(...claims.map(({ value }) => String(value).length));
    const apart = mostStepsBetweenPauses + mostStepsACharacter * longest;
    assert.ok(turns.pauses() >= Math.floor(inTurns.steps / apart), `${turns.pauses()} pauses`);
  });
}

test('the clock decides when it pauses, and never what comes of it', async () => {
  const claims = [claim('a', 1), claim('json', '{"a": [{"b": 1, "c": [true, "v", 2]}]}'), claim('b', true)];
  let permitted = 0;
  await fc.assert(
    fc.asyncProperty(
      policyText,
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 400 }),
      async (text, stepMs, maxSteps) => {
        const parsed = outcomeOf(() => parsePolicy(text));
        if (typeof parsed === 'string') return;
        const policy = parsePolicy(text);
        const options = { claims, limits: { maxSteps } };
        const atOnce = outcomeOf(() => evaluatePolicy(policy, options));
        if (typeof atOnce !== 'string') permitted++;
        assert.deepEqual(await outcomeInTurns(policy, options, turnsOf(stepMs)), atOnce);
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(permitted > 20, String(permitted));
});

test('it does not pause before a turn is over', async () => {
  const { policy: text, claims } = allPolicyCosts().get('node of queries current')?.(8192) ?? assert.fail();
  const policy = parsePolicy(text);
  for (const [stepMs, least, most] of [
    [0, 0, 0],
    [sliceMs / 4, 1, 10],
    [sliceMs, 11, 1000],
  ] as const) {
    const turns = turnsOf(stepMs);
    await evaluatePolicyInTurns(policy, { claims, turns });
    assert.ok(turns.pauses() >= least && turns.pauses() <= most, `${stepMs} ms: ${turns.pauses()} pauses`);
  }
});

test('others are served in a pause', async () => {
  const { policy: text, claims } = allPolicyCosts().get('node of queries current')?.(8192) ?? assert.fail();
  const order: string[] = [];
  const turns: Turns = { ...turnsOf(sliceMs), pause: () => new Promise((resolve) => setImmediate(resolve)) };
  const evaluated = evaluatePolicyInTurns(parsePolicy(text), { claims, turns }).then(() => order.push('evaluated'));
  setImmediate(() => order.push('other'));
  await evaluated;
  assert.deepEqual(order, ['other', 'evaluated']);
});

test('configuration is evaluated in turns as well', async () => {
  const rules = Array.from({ length: 200 }, (_, index) => `=> issueproperty(type="p", value=${index});`).join('');
  const policy = parsePolicy(`version=1.1; configurationrules { ${rules} }; authorizationrules {};`);
  const turns = turnsOf(sliceMs);
  assert.deepEqual(await evaluateConfigurationInTurns(policy, { turns }), evaluateConfiguration(policy));
  assert.ok(turns.pauses() > 0);
  await assert.rejects(evaluateConfigurationInTurns(policy, { turns, limits: { maxSteps: 100 } }), /maxSteps/);
});
