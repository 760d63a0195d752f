import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planDeployment, type DeploySettings } from '../../src/index.ts';
import { base, find, objectsOf } from './planned.ts';

describe('a Job that deploy writes', () => {
  it('lets a Job end', () => {
    const { spec } = find(
      objectsOf({ kind: 'Job', replicas: 1, job: { deadlineSeconds: 60, keepSeconds: 10 } }),
      'Job',
    );
    assert.deepEqual(
      [spec?.backoffLimit, spec?.activeDeadlineSeconds, spec?.ttlSecondsAfterFinished, spec?.parallelism],
      [6, 60, 10, undefined],
    );
    assert.equal(spec?.template.spec?.restartPolicy, 'Never');
    assert.equal(spec.template.spec.containers[0]?.readinessProbe, undefined);
  });

  it('makes the pods of a Job again that the node refused, and none in which a program failed', () => {
    const retries = (settings: Partial<DeploySettings>) => {
      const { spec } = find(objectsOf({ kind: 'Job', ...settings }), 'Job');
      return [spec?.backoffLimit, spec?.podReplacementPolicy, spec?.podFailurePolicy];
    };
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [0] } }];
    assert.deepEqual(retries({}), [6, 'Failed', { rules }]);
    assert.deepEqual(retries({ job: { keepSeconds: 10 } }), [6, 'Failed', { rules }]);
    assert.deepEqual(retries({ job: { backoffLimit: 0 } }), [0, undefined, undefined]);
    assert.deepEqual(retries({ job: { backoffLimit: 2 } }), [2, undefined, undefined]);
    assert.deepEqual(retries({ profile: 'podman', image: 'localhost/app:1' }), [0, undefined, undefined]);
  });

  it('says that a Job cannot be applied again with other pods', () => {
    const notes = (settings: Partial<DeploySettings>) =>
      planDeployment({ settings: { ...base, ...settings } }).notes.join();
    assert.match(notes({ kind: 'Job' }), /The pods of a Job cannot be changed: delete the Job/);
    assert.doesNotMatch(notes({ kind: 'Deployment' }) + notes({ kind: 'Job', profile: 'podman' }), /cannot be changed/);
  });
});
