// Models by hand, for tests of what comes after the checker.
import type {
  BasicTypeName,
  CompositeModel,
  CType,
  Direction,
  EcallModel,
  EdlModel,
  EnumModel,
  Extent,
  Length,
  MemberModel,
  OcallModel,
  ParameterModel,
} from '@enclos/edl-compiler';

export const basic = (name: BasicTypeName): CType => ({ kind: 'basic', name });
export const struct = (name: string): CType => ({ kind: 'struct', name });
export const union = (name: string): CType => ({ kind: 'union', name });
export const enumeration = (name: string): CType => ({ kind: 'enum', name });
export const foreign = (name: string): CType => ({ kind: 'foreign', name });
export const pointer = (to: CType): CType => ({ kind: 'pointer', to, isConst: false });
export const array = (of: CType, length: Length): CType => ({ kind: 'array', of, length });

export const value = (name: string, type: CType): ParameterModel => ({ name, type, passing: { kind: 'value' } });

export const unchecked = (name: string, type: CType = pointer(basic('void'))): ParameterModel => ({
  name,
  type,
  passing: { kind: 'unchecked' },
});

export const text = (name: string, direction: 'in' | 'inout', isWide = false): ParameterModel => ({
  name,
  type: pointer(basic(isWide ? 'wchar_t' : 'char')),
  passing: { kind: 'string', direction, isWide },
});

/** Of `size: 'n'`, `count: 3`, as attributes are written. */
export const extent = (of: { size?: string | number; count?: string | number; elements?: number } = {}): Extent => ({
  ...(of.size === undefined ? {} : { size: measure(of.size) }),
  ...(of.count === undefined ? {} : { count: measure(of.count) }),
  elements: of.elements === undefined ? [] : [of.elements],
});

const measure = (of: string | number) => (typeof of === 'string' ? { name: of } : { value: of });

export const buffer = (
  name: string,
  direction: Direction,
  element: CType,
  of: Parameters<typeof extent>[0] & { foreign?: 'pointer' | 'array' } = {},
): ParameterModel => ({
  name,
  type: of.foreign !== undefined ? element : of.elements === undefined ? pointer(element) : array(element, of.elements),
  passing: {
    kind: 'buffer',
    direction,
    element: of.foreign === 'pointer' && 'name' in element ? foreign(`*${element.name}`) : element,
    extent: extent(of),
    isReadOnly: false,
  },
});

export const member = (name: string, type: CType): MemberModel => ({ name, type });

export const followed = (name: string, to: CType, of: Parameters<typeof extent>[0] = {}): MemberModel => ({
  name,
  type: pointer(to),
  extent: extent(of),
});

export const composite = (
  kind: CompositeModel['kind'],
  name: string,
  members: readonly MemberModel[],
): CompositeModel => ({ kind, name, members, isDeep: members.some((item) => item.extent !== undefined) });

export const ecall = (name: string, parameters: readonly ParameterModel[], returns = basic('void')): EcallModel => ({
  name,
  returns,
  parameters,
  isSwitchless: false,
  isPublic: true,
});

export const ocall = (
  name: string,
  parameters: readonly ParameterModel[],
  of: { returns?: CType; propagatesErrno?: boolean } = {},
): OcallModel => ({
  name,
  returns: of.returns ?? basic('void'),
  parameters,
  isSwitchless: false,
  allows: [],
  propagatesErrno: of.propagatesErrno ?? false,
});

export const model = (
  of: {
    enums?: readonly EnumModel[];
    composites?: readonly CompositeModel[];
    ecalls?: readonly EcallModel[];
    ocalls?: readonly OcallModel[];
    foreign?: readonly string[];
  } = {},
): EdlModel => ({
  name: 'sample',
  dialect: 'both',
  includes: [],
  enums: of.enums ?? [],
  composites: of.composites ?? [],
  ecalls: of.ecalls ?? [],
  ocalls: of.ocalls ?? [],
  foreign: of.foreign ?? [],
});
