import type { CType, Extent, ForeignWord, Measure, Passing } from '../model/model.ts';
import type { Attribute } from '../syntax/tree.ts';
import { type Variable, directionOf, isInteger } from '../resolution/variable.ts';
import type { TypeResolver } from './resolver.ts';

const foreignWords = ['isptr', 'isary', 'readonly'] as const satisfies readonly ForeignWord[];

/** How a parameter crosses the boundary. */
export function passingOf(parameter: Variable, resolver: TypeResolver): Passing {
  const { attributes, type, isPointer, isArray } = parameter;
  const isTypedef = attributes.has('isptr') || attributes.has('isary');
  if (!isPointer && !isArray && !isTypedef) return { kind: 'value' };
  const direction = directionOf(parameter);
  if (direction === undefined) {
    return {
      kind: 'unchecked',
      ...(isTypedef && parameter.isNamed ? { foreign: foreignWords.filter((word) => attributes.has(word)) } : {}),
    };
  }
  if (attributes.has('string') || attributes.has('wstring')) {
    return { kind: 'string', direction: direction === 'in' ? 'in' : 'inout', isWide: attributes.has('wstring') };
  }
  const isReadOnly = attributes.has('readonly') || (isPointer && type.isConst);
  const element = elementOf(parameter, resolver);
  return { kind: 'buffer', direction, element, extent: extentOf(parameter, resolver), isReadOnly };
}

function elementOf({ attributes, type, isPointer }: Variable, resolver: TypeResolver): CType {
  if (isPointer) return resolver.typeOf({ ...type, pointers: type.pointers - 1 });
  const isPointerType = attributes.has('isptr') && type.base.kind === 'named';
  return isPointerType ? resolver.foreignType(`*${type.base.name.text}`) : resolver.baseOf(type.base);
}

/** Sizes and counts of declared arrays, and of types that are arrays, say nothing: Open Enclave ignores them. */
export function extentOf({ declaration, attributes, isArray }: Variable, resolver: TypeResolver): Extent {
  if (isArray) return { elements: resolver.lengthsOf(declaration.dimensions) };
  if (attributes.has('isary')) return { elements: [] };
  const size = measureOf(attributes.get('size'));
  const count = measureOf(attributes.get('count'));
  return { ...(size === undefined ? {} : { size }), ...(count === undefined ? {} : { count }), elements: [] };
}

function measureOf(attribute: Attribute | undefined): Measure | undefined {
  const value = attribute?.value;
  if (value === undefined) return undefined;
  return isInteger(value) ? { value: Number(value.value) } : { name: value.text };
}
