import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { typeOf, type FieldType } from '../../src/schema/types.ts';
import { mapForms, oneOfOf, textForms, typesWithRules, valueRulesOf } from '../../src/schema/value-rules.ts';
import { refusalsOf } from '../refusals-of.ts';

const scalarOf = (type: FieldType): string =>
  type.of === 'scalar' ? type.scalar : type.of === 'object' ? type.type : scalarOf(type.item);

describe('the table of values', () => {
  it('names types and fields that there are, each with a rule that fits its type', () => {
    const known = new Set<string>([...mapForms, ...textForms]);
    for (const name of typesWithRules()) {
      const type = typeOf(name);
      assert.ok(type !== undefined, name);
      for (const [field, rule] of valueRulesOf(name) ?? []) {
        const found: FieldType | undefined = type.fields.get(field)?.type;
        assert.ok(found !== undefined, `${name}.${field}`);
        const scalar = scalarOf(found);
        if (rule.of === 'range') assert.match(scalar, /^int(?:32|64)$/, `${name}.${field}`);
        else if (rule.of === 'values') assert.equal(scalar, 'string', `${name}.${field}`);
        else {
          assert.ok(known.has(rule.form), rule.form);
          assert.equal(found.of === 'map', rule.of === 'map', `${name}.${field}`);
        }
      }
      for (const field of oneOfOf(name)?.fields ?? []) assert.ok(type.fields.has(field), `${name}.${field}`);
    }
    assert.ok(typesWithRules().length > 60);
  });

  it('takes what stands at its ends, and refuses what is next to it', () => {
    const codes = (port: unknown): readonly string[] =>
      refusalsOf(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a' },
          spec: { containers: [{ name: 'a', image: 'a:1.0', ports: [{ containerPort: port }] }] },
        }),
      ).map(({ code }) => code);
    for (const port of [1, 65_535]) assert.deepEqual(codes(port), []);
    for (const port of [0, -1, 65_536]) assert.deepEqual(codes(port), ['K8S_VALUE_INVALID']);
    // Of the wrong type, that is all that is said.
    assert.deepEqual(codes('80'), ['K8S_TYPE_WRONG']);
  });
});
