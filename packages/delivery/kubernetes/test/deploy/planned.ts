import assert from 'node:assert/strict';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { planDeployment, type DeployInputs, type DeploySettings, type KubernetesObject } from '../../src/index.ts';

const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
export const base: DeploySettings = {
  name: 'app',
  image,
  replicas: 2,
  resources: { 'sgx.intel.com/epc': '64Mi', memory: '256Mi' },
  listen: [{ name: 'https', port: 8443 }],
};

export function objectsOf(
  settings: Partial<DeploySettings>,
  more: Partial<DeployInputs> = {},
): readonly KubernetesObject[] {
  return planDeployment({ settings: { ...base, ...settings }, ...more }).objects;
}

export function find<K extends KubernetesObject['kind']>(
  objects: readonly KubernetesObject[],
  kind: K,
): Extract<KubernetesObject, { kind: K }> {
  const found = objects.find((object): object is Extract<KubernetesObject, { kind: K }> => object.kind === kind);
  assert.ok(found !== undefined, `no ${kind}`);
  return found;
}

export function podOf(settings: Partial<DeploySettings>, more: Partial<DeployInputs> = {}) {
  const spec = find(objectsOf(settings, more), 'Deployment').spec?.template.spec;
  const [container] = spec?.containers ?? [];
  assert.ok(spec !== undefined && container !== undefined);
  return { spec, container };
}

/** Planning is refused, in these words. */
export function refuses(
  code: ErrorCode,
  expected: RegExp,
  settings: Partial<DeploySettings>,
  more: Partial<DeployInputs> = {},
): void {
  assert.throws(
    () => objectsOf(settings, more),
    (error) => isEnclosError(error, code) && expected.test(error.message),
  );
}
