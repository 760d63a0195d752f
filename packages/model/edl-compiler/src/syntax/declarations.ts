import { flagAttributes } from './names.ts';
import { printed, type TokenReader } from './reader.ts';
import { syntaxRules as rules } from './rules.ts';
import type { Attribute, AttributeBlock, Declaration, Dimension } from './tree.ts';
import { readType } from './types.ts';

/** A parameter, or a member of a structure or union: `[attributes] type name dimensions`. */
export function readDeclaration(reader: TokenReader, role: 'parameter' | 'member'): Declaration {
  const first = reader.token;
  const attributes = readAttributes(reader);
  const type = readType(reader);
  const name = reader.expectName(`the ${role}`, (got) => `expecting identifier got ${got}`);
  if (type.isConst && role === 'member') reader.report(rules.constant, type.at, ['in a structure or union', 'const']);
  else if (type.isConst && type.pointers === 0) {
    reader.report(rules.constant, type.at, ['without a pointer', name.text]);
  }
  const dimensions = readDimensions(reader);
  return { ...(attributes && { attributes }), type, name, dimensions, at: reader.placeFrom(first) };
}

export function readDimensions(reader: TokenReader): readonly Dimension[] {
  const dimensions: Dimension[] = [];
  while (reader.isSymbol('[')) {
    const first = reader.take();
    const value = reader.isSymbol(']')
      ? undefined
      : reader.expectValue('the length of an array', (got) => `expecting array dimension, got ${got}`);
    reader.expectSymbol(']');
    dimensions.push({ ...(value && { value }), at: reader.placeFrom(first) });
  }
  return dimensions;
}

/** `[in, size=NAME]`, if there is one. */
export function readAttributes(reader: TokenReader): AttributeBlock | undefined {
  if (!reader.isSymbol('[')) return undefined;
  const first = reader.take();
  const attributes: Attribute[] = [];
  reader.list(']', () => attributes.push(readAttribute(reader)));
  reader.expectSymbol(']');
  const at = reader.placeFrom(first);
  if (attributes.length > 0) return { attributes, at };
  reader.report(rules.emptyAttributes, at);
  return undefined;
}

function readAttribute(reader: TokenReader): Attribute {
  const first = reader.token;
  if (first.kind !== 'name') {
    reader.fail(rules.expectedName, ['an attribute', printed(first), `unknown attribute: \`${printed(first)}'`]);
  }
  const name = reader.nameOf(reader.take());
  const isMeasure = name.text === 'size' || name.text === 'count';
  if (reader.isSymbol('=')) {
    const equals = reader.take();
    const value = reader.expectValue(`the value of "${name.text}"`, () => 'expecting integer');
    if (reader.isSymbol('(') || reader.isSymbol('*')) {
      reader.fail(rules.attributeExpression, [name.text, printed(reader.token)]);
    }
    // One that the language does not know is reported as that.
    if (flagAttributes.has(name.text)) reader.report(rules.attributeWithValue, equals, [name.text]);
    return { name, value, at: reader.placeFrom(first) };
  }
  if (isMeasure) reader.report(rules.attributeWithoutValue, first, [name.text, printed(reader.token)]);
  return { name, at: reader.placeFrom(first) };
}
