import type { CType, Extent, FunctionModel, Length, Measure, MemberModel, ParameterModel } from '@enclos/edl-compiler';

/** A type as C writes it around a name: `int a[4]`, `struct point* p`. */
export function declarationText(type: CType, name: string): string {
  const lengths: Length[] = [];
  let element = type;
  while (element.kind === 'array') {
    lengths.push(element.length);
    element = element.of;
  }
  const base = typeText(element);
  const space = name === '' ? '' : ' ';
  return `${base}${space}${name}${lengths.map((length) => `[${length}]`).join('')}`;
}

function typeText(type: CType): string {
  switch (type.kind) {
    case 'pointer':
      return `${type.isConst ? 'const ' : ''}${declarationText(type.to, '')}*`;
    case 'array':
      return declarationText(type, '');
    case 'enum':
    case 'struct':
    case 'union':
      return `${type.kind} ${type.name}`;
    default:
      return type.name;
  }
}

/** A parameter as EDL writes it: `[in, size=n] const uint8_t* data`. */
function parameterText({ name, type, passing }: ParameterModel): string {
  const attributes = attributesOf(type, passing);
  const block = attributes.length === 0 ? '' : `[${attributes.join(', ')}] `;
  return `${block}${declarationText(type, name)}`;
}

function attributesOf(type: CType, passing: ParameterModel['passing']): readonly string[] {
  switch (passing.kind) {
    case 'value':
      return [];
    case 'unchecked':
      return ['user_check', ...(passing.foreign ?? [])];
    case 'string':
      return [...directionText[passing.direction], passing.isWide ? 'wstring' : 'string'];
    case 'buffer':
      return [
        ...directionText[passing.direction],
        ...extentAttributes(passing.extent),
        ...typedefAttributes(type, passing),
      ];
  }
}

/** What only a foreign type has: for others the type itself says whether it is a pointer, an array, or constant. */
function typedefAttributes(
  type: CType,
  { element, isReadOnly }: Extract<ParameterModel['passing'], { readonly kind: 'buffer' }>,
): readonly string[] {
  if (type.kind !== 'foreign') return [];
  const isPointer = element.kind === 'foreign' && element.name === `*${type.name}`;
  return [isPointer ? 'isptr' : 'isary', ...(isReadOnly ? ['readonly'] : [])];
}

const directionText = { in: ['in'], out: ['out'], inout: ['in', 'out'] } as const;

/** A member of a structure or union as EDL writes it. */
export function memberText({ name, type, extent }: MemberModel): string {
  const attributes = extent === undefined ? [] : extentAttributes(extent);
  const block = attributes.length === 0 ? '' : `[${attributes.join(', ')}] `;
  return `${block}${declarationText(type, name)}`;
}

function extentAttributes({ size, count }: Extent): readonly string[] {
  return [
    ...(size === undefined ? [] : [`size=${measureText(size)}`]),
    ...(count === undefined ? [] : [`count=${measureText(count)}`]),
  ];
}

/** A number, or the name that holds it. */
export function measureText(measure: Measure): string {
  return 'name' in measure ? measure.name : String(measure.value);
}

/** A function as EDL writes it, without what follows its parameters. */
export function signatureText({ name, returns, parameters }: FunctionModel): string {
  return `${declarationText(returns, name)}(${parameters.map(parameterText).join(', ')})`;
}
