import assert from 'node:assert/strict';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';

/** The parts of JSON Schema that our schemas use, each with whether a value holds to it; the others are read below. */
const rules: Readonly<Record<string, (value: JsonValue, rule: JsonValue) => boolean>> = {
  const: (value, rule) => value === rule,
  enum: (value, rule) => listOf(rule).includes(value),
  type: (value, rule) => listOf(rule).some((type) => isOfType(value, type)),
  minimum: (value, rule) => typeof value !== 'number' || value >= Number(rule),
  maximum: (value, rule) => typeof value !== 'number' || value <= Number(rule),
  contentEncoding: () => true,
  description: () => true,
};

const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  value === undefined ? [] : isJsonArray(value) ? value : [value];

function isOfType(value: JsonValue, type: JsonValue): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return isJsonArray(value);
  if (type === 'object') return isJsonObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Says where values break schemas of a document. A keyword that it does not know fails the test. */
export class SchemaChecker {
  readonly #schemas: JsonObject;

  constructor(schemas: JsonObject) {
    this.#schemas = schemas;
  }

  check(name: string, value: JsonValue): readonly string[] {
    return this.#problems(value, this.#schemas[name], name);
  }

  #problems(value: JsonValue, schema: JsonValue | undefined, at: string): readonly string[] {
    assert.ok(isJsonObject(schema), `${at} has no schema`);
    return Object.entries(schema).flatMap(([keyword, rule]) => this.#broken(value, { schema, keyword, rule, at }));
  }

  #broken(
    value: JsonValue,
    {
      schema,
      keyword,
      rule,
      at,
    }: { readonly schema: JsonObject; readonly keyword: string; readonly rule: JsonValue; readonly at: string },
  ): readonly string[] {
    switch (keyword) {
      case '$ref':
        assert.ok(typeof rule === 'string');
        return this.#problems(value, this.#schemas[rule.split('/').at(-1) ?? ''], at);
      case 'anyOf': {
        const holds = listOf(rule).some((one) => this.#problems(value, one, at).length === 0);
        return holds ? [] : [`${at}: anyOf`];
      }
      case 'items':
        return isJsonArray(value) ? value.flatMap((item, index) => this.#problems(item, rule, `${at}[${index}]`)) : [];
      case 'required':
        return listOf(rule).flatMap((name) =>
          isJsonObject(value) && !(typeof name === 'string' && Object.hasOwn(value, name)) ? [`${at}: required`] : [],
        );
      case 'properties':
        return this.#members(value, at, (name) => (isJsonObject(rule) ? rule[name] : undefined));
      case 'additionalProperties': {
        const { properties } = schema;
        return this.#members(value, at, (name) =>
          isJsonObject(properties) && Object.hasOwn(properties, name) ? undefined : rule,
        );
      }
      default: {
        const isHeld = rules[keyword];
        assert.ok(isHeld !== undefined, `${keyword} is not known`);
        return isHeld(value, rule) ? [] : [`${at}: ${keyword}`];
      }
    }
  }

  /** Members by the schema that each has, if it has one; false is the schema that nothing fits. */
  #members(value: JsonValue, at: string, schemaOf: (name: string) => JsonValue | undefined): readonly string[] {
    if (!isJsonObject(value)) return [];
    return Object.entries(value).flatMap(([name, member]) => {
      const schema = schemaOf(name);
      if (schema === undefined) return [];
      return schema === false
        ? [`${at}.${name}: additionalProperties`]
        : this.#problems(member, schema, `${at}.${name}`);
    });
  }
}
