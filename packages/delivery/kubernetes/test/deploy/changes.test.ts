import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changesOf, planDeployment, renderDeployment } from '../../src/index.ts';

const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
const filesFor = (replicas: number) =>
  renderDeployment(planDeployment({ settings: { name: 'app', image, replicas } }), 'kustomize');
const onDisk = (replicas: number) => new Map(filesFor(replicas).map(({ name, content }) => [name, content]));
const kindsOf = (changes: ReturnType<typeof changesOf>) =>
  Object.fromEntries(changes.filter(({ kind }) => kind !== 'same').map(({ name, kind }) => [name, kind]));

describe('changesOf()', () => {
  it('finds nothing to do twice', () => {
    assert.deepEqual(kindsOf(changesOf(filesFor(1), onDisk(1))), {});
  });

  it('tells new, changed and gone files, with their diffs', () => {
    const changes = changesOf(filesFor(1), onDisk(2));
    assert.deepEqual(kindsOf(changes), {
      'deployment.yaml': 'changed',
      'kustomization.yaml': 'changed',
      'pod-disruption-budget.yaml': 'gone',
    });
    const diff = changes.find(({ name }) => name === 'deployment.yaml')?.diff ?? '';
    assert.match(diff, /^--- a\/deployment\.yaml\n\+\+\+ b\/deployment\.yaml\n@@ /);
    assert.match(diff, /\n- {2}replicas: 2\n\+ {2}replicas: 1\n/);
    assert.match(changes.find(({ kind }) => kind === 'gone')?.diff ?? '', /\n\+\+\+ \/dev\/null\n/);
    assert.ok(
      changesOf(filesFor(1), new Map()).every(
        ({ kind, diff: text }) => kind === 'new' && text.startsWith('--- /dev/null'),
      ),
    );
  });

  it('leaves alone what somebody else wrote', () => {
    const existing = new Map([
      ['deployment.yaml', 'kind: Deployment\n'],
      ['notes.yaml', 'mine: true\n'],
    ]);
    assert.equal(kindsOf(changesOf(filesFor(1), existing))['deployment.yaml'], 'foreign');
    assert.equal(kindsOf(changesOf(filesFor(1), existing))['notes.yaml'], undefined);
  });
});
