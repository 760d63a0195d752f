import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '@enclos/codec/json';
import { answerReview } from '../src/review/answer.ts';
import { anyPod } from './any-pod.ts';
import { askingPod } from './pods.ts';
import { applyTo, readAnswer, reviewOf } from './reviews.ts';

const legacy = ['kubernetes.azure.com/sgx_epc_mem_in_MiB', 'sgx.intel.com/sgx_epc_mem_in_MiB'];
const own: Readonly<Record<'resources' | 'variables' | 'mounts' | 'volumes', readonly unknown[]>> = {
  resources: ['enclos.dev/software-sgx', 'sgx.intel.com/epc', 'sgx.intel.com/enclave', 'sgx.intel.com/provision'],
  variables: ['ENCLOS_PLATFORM', 'SGX_AESM_ADDR'],
  mounts: ['/etc/enclos/roots', '/var/run/aesmd'],
  volumes: ['enclos-software-roots', 'aesmd-socket'],
};

const objects = (value: JsonValue | undefined): readonly JsonObject[] => (value ?? []) as readonly JsonObject[];

/** A pod without what the webhook adds or replaces, empty things left out: what has to be the same before and after. */
function rest(pod: JsonObject): unknown {
  const { spec, ...others } = pod;
  const { containers, initContainers, volumes, tolerations, ...inner } = spec as JsonObject;
  return prune({
    ...others,
    spec: {
      ...inner,
      containers: objects(containers).map(restOfContainer),
      initContainers: objects(initContainers).map(restOfContainer),
      volumes: objects(volumes).filter(({ name }) => !own.volumes.includes(name)),
      tolerations: objects(tolerations).filter(({ key }) => !own.resources.includes(key)),
    },
  });
}

function restOfContainer({ resources, env, volumeMounts, ...others }: JsonObject): JsonObject {
  const strip = (quantities: JsonValue | undefined): JsonObject =>
    Object.fromEntries(
      Object.entries((quantities ?? {}) as JsonObject).filter(
        ([name]) => ![...own.resources, ...legacy].includes(name),
      ),
    );
  const { limits, requests, ...claims } = (resources ?? {}) as JsonObject;
  return {
    ...others,
    resources: { ...claims, limits: strip(limits), requests: strip(requests) },
    env: objects(env).filter(({ name }) => !own.variables.includes(name)),
    volumeMounts: objects(volumeMounts).filter(({ mountPath }) => !own.mounts.includes(mountPath)),
  };
}

function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(prune);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = Object.entries(value).flatMap(([name, inner]) => {
    const pruned = prune(inner);
    return pruned === undefined ? [] : [[name, pruned] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

describe('any pod', () => {
  const review = (pod: JsonObject) => readAnswer(answerReview(reviewOf(pod)).body);

  test('is allowed, and patched at most once', () => {
    let patched = 0;
    fc.assert(
      fc.property(anyPod, (pod) => {
        const { operations, allowed, warnings } = review(pod);
        assert.ok(allowed);
        if (operations.length === 0) return;
        patched += 1;
        assert.equal(warnings, undefined);
        const after = applyTo(pod, operations);
        assert.deepEqual(review(after), { uid: review(pod).uid, allowed: true, operations: [] });
      }),
      { numRuns: 1000 },
    );
    // About 218, with a deviation of 15: a bound near that would fail by chance.
    assert.ok(patched > 100, `only ${patched} of the pods were patched`);
  });

  test('keeps all that is its own, in its order', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const after = applyTo(pod, review(pod).operations);
        assert.deepEqual(rest(after), rest(pod));
      }),
      { numRuns: 1000 },
    );
  });

  test('keeps what it says of the resources, variables and mounts that the webhook adds', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const { operations } = review(pod);
        for (const operation of operations) {
          const at = valueAt(pod, operation.path);
          // Nothing is added where something is; what is removed are the old spellings.
          if (operation.op === 'add') assert.ok(at === undefined || at === null, operation.path);
          else assert.ok(legacy.some((name) => operation.path.endsWith(name.replaceAll('/', '~1'))));
        }
        const after = applyTo(pod, operations).spec as JsonObject;
        const unique = (values: readonly unknown[]) => assert.equal(new Set(values).size, values.length);
        unique(objects(after.volumes).map(({ name }) => name));
        for (const container of [...objects(after.containers), ...objects(after.initContainers)]) {
          unique(objects(container.env).map(({ name }) => name));
          unique(objects(container.volumeMounts).map(({ mountPath }) => mountPath));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('the largest pod that asks is answered in time, with a patch that is bounded', () => {
  const containers = Array.from({ length: 256 }, (_, index) => ({
    name: `app-${index}`,
    env: Array.from({ length: 150 }, (_unused, number) => ({ name: `A${number}`, value: 'b' })),
    volumeMounts: Array.from({ length: 20 }, (_unused, number) => ({ name: 'own', mountPath: `/data/${number}` })),
  }));
  const names = containers.map(({ name }) => name).join(',');
  const asked = { 'enclos.dev/platform': 'sgx', 'enclos.dev/epc': '10Mi', 'enclos.dev/quote-provider': 'aesmd' };
  const body = reviewOf(askingPod({ ...asked, 'enclos.dev/containers': names }, { containers }));
  assert.ok(body.length > 1_200_000);
  const before = process.cpuUsage();
  const { operations } = readAnswer(answerReview(body).body);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
  assert.equal(operations.length, 256 * 3 + 2);
  assert.ok(JSON.stringify(operations).length < 300_000);
});

/** What a JSON Pointer of an `add` points to; undefined for the place behind the end of a list. */
function valueAt(pod: JsonValue, path: string): unknown {
  const steps = path.slice(1).split('/');
  return steps.reduce<unknown>((value, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }, pod);
}
