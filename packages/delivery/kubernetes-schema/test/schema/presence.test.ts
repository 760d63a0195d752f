import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typesWithTogetherRules } from '../../src/rules/index.ts';
import { presenceLines, presenceOf } from '../../src/schema/presence.ts';
import { typeOf } from '../../src/schema/types.ts';

describe('the table of presence', () => {
  it('names types and fields that there are, each once', () => {
    const lines = presenceLines();
    for (const [type, fields] of lines) {
      for (const field of fields) assert.ok(typeOf(type)?.fields.has(field), `${type}.${field}`);
    }
    assert.ok(lines.length > 60);
    const types = lines.map(([type]) => type);
    assert.deepEqual(types, [...new Set(types)]);
  });

  it('has objects where a field is always there', () => {
    for (const [type] of presenceLines()) {
      for (const field of presenceOf(type).always) {
        assert.equal(typeOf(type)?.fields.get(field)?.type.of, 'object', `${type}.${field}`);
      }
    }
  });

  it('adds to what the OpenAPI document requires, and takes from it', () => {
    assert.deepEqual(presenceOf('V1Container').required, ['name', 'image']);
    assert.deepEqual(presenceOf('V1DeploymentSpec').required, ['selector']);
    assert.deepEqual([...presenceOf('V1DeploymentSpec').always], ['template']);
    assert.deepEqual(presenceOf('V1CSINodeSpec').required, []);
  });
});

describe('the rules of fields together', () => {
  it('are for types that there are', () => {
    const types = typesWithTogetherRules();
    assert.deepEqual(
      types.filter((type) => typeOf(type) === undefined),
      [],
    );
    assert.ok(types.length > 70);
  });
});
