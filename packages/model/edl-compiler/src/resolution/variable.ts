import type { Attribute, BaseType, Declaration, IntegerLiteral, Name, TypeName } from '../syntax/tree.ts';

/** A parameter or member, as the rules ask about it. */
export interface Variable {
  readonly declaration: Declaration;
  readonly name: Name;
  readonly type: TypeName;
  readonly isPointer: boolean;
  readonly isArray: boolean;
  /** A bare name that is not a word of C, without `const`: a type of a header, or one of the file without `struct`. */
  readonly isNamed: boolean;
  /** How the compilers write the type. */
  readonly typeText: string;
  /** The first of each name. */
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export function variableOf(declaration: Declaration): Variable {
  const { type, name, dimensions } = declaration;
  const attributes = new Map<string, Attribute>();
  for (const attribute of declaration.attributes?.attributes ?? []) {
    if (!attributes.has(attribute.name.text)) attributes.set(attribute.name.text, attribute);
  }
  return {
    declaration,
    name,
    type,
    isPointer: type.pointers > 0,
    isArray: dimensions.length > 0,
    isNamed: type.pointers === 0 && type.base.kind === 'named' && !type.isConst,
    typeText: `${type.isConst ? 'const ' : ''}${baseText(type.base)}${'*'.repeat(type.pointers)}`,
    attributes,
  };
}

export const isInteger = (value: Name | IntegerLiteral): value is IntegerLiteral => 'value' in value;

/** Whether a direction is given, and which. */
export function directionOf({ attributes }: Variable): 'in' | 'out' | 'inout' | undefined {
  const isIn = attributes.has('in');
  const isOut = attributes.has('out');
  if (isIn && isOut) return 'inout';
  if (isIn) return 'in';
  return isOut ? 'out' : undefined;
}

const withInt: ReadonlySet<string> = new Set(['short', 'unsigned short', 'long', 'unsigned long']);

/** In the way of both compilers, which write "short int" for `short`. */
function baseText(base: BaseType): string {
  if (base.kind === 'named') return base.name.text;
  if (base.kind !== 'basic') return `${base.kind} ${base.name.text}`;
  return withInt.has(base.name) ? `${base.name} int` : base.name;
}
