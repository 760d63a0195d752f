import type { CompositeModel, CType, Extent } from '@enclos/edl-compiler';
import type { Abi } from '../layout/calls.ts';
import type { KnownType } from '../layout/sizes.ts';
import { isEnclosError } from '@enclos/errors';
import type { SequenceForm, Spot } from '../forms/form.ts';
import { type Forms, measureNames } from '../forms/forms.ts';
import { arraySequence, byteSequence, oneSequence } from '../forms/sequences.ts';
import type { StructForm } from '../forms/struct-form.ts';
import type { EdlValue } from '../arena/values.ts';
import { type ExtentPlan, type MeasureScope, type NamedMeasure, planExtent } from './extent-plan.ts';

/** Memory that is copied: what stands in it, and how large it is. */
export interface BufferPlan {
  readonly name: string;
  readonly sequence: SequenceForm;
  readonly extent: ExtentPlan;
  /** Whether the value is the element itself. */
  readonly isOne: boolean;
  /** How structures are followed; made when it is asked for, since structures can lead to themselves. */
  readonly deep: () => DeepPlan | undefined;
}

/** A structure that is copied with what it leads to. */
export interface DeepPlan {
  readonly struct: StructForm;
  readonly members: readonly DeepMember[];
  /** Members that are sizes or counts. */
  readonly measures: readonly NamedMeasure[];
}

export interface DeepMember {
  /** Where the pointer stands in its structure. */
  readonly offset: number;
  readonly buffer: BufferPlan;
}

export interface BufferParts {
  readonly name: string;
  /** What is declared: a pointer, an array or a foreign type. */
  readonly type: CType;
  readonly element: CType;
  readonly extent: Extent;
  /** The name of its elements in `userCheck`, when they are addresses. */
  readonly permission: string;
  readonly scope: MeasureScope;
  /** Whether pointers of its elements are followed when a structure says so. */
  readonly follows: boolean;
}

/** @throws EDL_LAYOUT_UNKNOWN */
export function planBuffer(parts: BufferParts, forms: Forms, abi: Abi): BufferPlan {
  const { name, type, element, extent, permission, scope } = parts;
  const known = knownOf(element, extent, forms);
  const structure =
    known?.kind === 'struct' && parts.follows && type.kind === 'pointer'
      ? forms.sizes.compositeOf(known.name)
      : undefined;
  const deep = structure?.isDeep === true ? structure : undefined;
  const isBytes = known === undefined || known.kind === 'opaque' || (known.kind === 'basic' && known.name === 'void');
  const isOne =
    !isBytes &&
    extent.size === undefined &&
    extent.count === undefined &&
    extent.elements.length === 0 &&
    type.kind !== 'array';
  const sequence = sequenceOf({ element, permission, isOne, deep, known, isSized: extent.size !== undefined }, forms);
  let planned: { readonly plan: DeepPlan | undefined } | undefined;
  return {
    name,
    sequence,
    extent: planExtent(extent, sequence.elementBytes, { forms, scope }),
    isOne,
    deep: () => (planned ??= { plan: deep === undefined ? undefined : planDeep(deep, forms, abi) }).plan,
  };
}

/** Undefined for a foreign type that nothing tells, where `size` says how many bytes there are. */
function knownOf(element: CType, { size }: Extent, forms: Forms): KnownType | undefined {
  try {
    return forms.sizes.resolve(element);
  } catch (error) {
    if (size !== undefined && isEnclosError(error) && error.code === 'EDL_LAYOUT_UNKNOWN') return undefined;
    throw error;
  }
}

interface SequenceParts {
  readonly element: CType;
  readonly permission: string;
  readonly isOne: boolean;
  readonly deep: CompositeModel | undefined;
  readonly known: KnownType | undefined;
  readonly isSized: boolean;
}

function sequenceOf({ element, permission, isOne, deep, known, isSized }: SequenceParts, forms: Forms): SequenceForm {
  // With `size`, such a type may be the head of something longer.
  if (known === undefined || (known.kind === 'opaque' && isSized)) return byteSequence(1);
  if (deep !== undefined) {
    const struct = forms.structForm(deep.name, true);
    return isOne ? oneSequence(struct) : arraySequence(struct);
  }
  return isOne ? oneSequence(forms.valueForm(element, permission)) : forms.sequenceForm(element, permission);
}

/**
 * Open Enclave follows pointers at any depth; Intel's SDK those of a parameter's structure only (CodeGen.ml,
 * `invoke_if_struct`).
 */
function planDeep(model: CompositeModel, forms: Forms, abi: Abi): DeepPlan {
  const { fields } = forms.sizes.layoutOf(model.name);
  const offsets = new Map(fields.map(({ name, offset }) => [name, offset]));
  const scope: MeasureScope = (name) => {
    const member = model.members.find((item) => item.name === name);
    return member === undefined ? undefined : { offset: offsets.get(name) ?? 0, type: member.type };
  };
  const members = model.members.flatMap(({ name, type, extent }): DeepMember[] => {
    const known = forms.sizes.resolve(type);
    if (extent === undefined || known.kind !== 'pointer') return [];
    const permission = `${model.name}.${name}`;
    const parts = { name, type: known, element: known.to, extent, permission, scope, follows: abi === 'oe' };
    return [{ offset: offsets.get(name) ?? 0, buffer: planBuffer(parts, forms, abi) }];
  });
  const measures = [...measureNames(model)].flatMap((name) => {
    const place = scope(name);
    const scalar = place === undefined ? undefined : forms.measure(place.type);
    return place === undefined || scalar === undefined ? [] : [{ name, offset: place.offset, scalar }];
  });
  return { struct: forms.structForm(model.name, true), members, measures };
}

/** The elements of a value that its sequence counted. */
export function elementsOf({ isOne }: BufferPlan, value: unknown): readonly unknown[] {
  return isOne ? [value] : Array.isArray(value) ? value : [];
}

/** @param follow gives what a member of an element leads to */
export function readBuffer(
  plan: BufferPlan,
  spot: Spot,
  count: number,
  follow: (element: Spot, index: number, member: DeepMember) => EdlValue,
): EdlValue {
  const deep = plan.deep();
  if (deep === undefined) return plan.sequence.read(spot, count);
  const elements = Array.from({ length: count }, (_, i): EdlValue => {
    const element = { view: spot.view, at: spot.at + i * deep.struct.bytes, path: elementPath(plan, spot.path, i) };
    return deep.struct.read(element, (name) => {
      const member = deep.members.find(({ buffer }) => buffer.name === name);
      return member === undefined ? null : follow(element, i, member);
    });
  });
  return plan.isOne ? (elements[0] ?? null) : elements;
}

export function elementPath({ isOne }: BufferPlan, path: string, index: number): string {
  return isOne ? path : `${path}[${index}]`;
}
