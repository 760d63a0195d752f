import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds, kindOf, typeNames, typeOf, type FieldType } from '../../src/schema/types.ts';

function namesIn(type: FieldType): readonly string[] {
  if (type.of === 'object') return [type.type];
  return type.of === 'scalar' ? [] : namesIn(type.item);
}

describe('the table of fields', () => {
  it('has every type that it names', () => {
    const named = [
      ...kinds.map(({ type }) => type),
      ...typeNames().flatMap((name) => [...(typeOf(name)?.fields.values() ?? [])].flatMap(({ type }) => namesIn(type))),
    ];
    assert.deepEqual(
      named.filter((name) => typeOf(name) === undefined),
      [],
    );
    assert.ok(new Set(named).size > 300);
  });

  it('knows kinds by version, and what they need', () => {
    assert.equal(kindOf('apps/v1', 'Deployment')?.type, 'V1Deployment');
    assert.equal(kindOf('apps/v1beta1', 'Deployment'), undefined);
    assert.deepEqual(typeOf('V1DeploymentSpec')?.required, ['selector', 'template']);
    assert.deepEqual(typeOf('V1Container')?.required, ['name']);
    assert.deepEqual(typeOf('V1StatefulSetStatus')?.required, []);
  });

  it('has quantities where the API has them', () => {
    const limits = typeOf('V1ResourceRequirements')?.fields.get('limits')?.type;
    assert.deepEqual(limits, { of: 'map', item: { of: 'scalar', scalar: 'quantity' } });
  });
});
