import { refuse } from '../arena/refusal.ts';
import type { CallValues } from '../arena/values.ts';
import { ownMember } from '../forms/form.ts';
import { type BufferPlan, type DeepPlan, elementPath, elementsOf } from './buffer-plan.ts';
import type { CallPlan } from './call-plan.ts';
import { bytesOf, type MeasurePlan } from './extent-plan.ts';
import type { ImageBuilder } from './image-builder.ts';

/** Where a buffer stands in an image. */
export interface Placement {
  readonly buffer: BufferPlan;
  readonly at: number;
  readonly count: number;
  readonly bytes: number;
  /** What the pointers of each element lead to, by element and member; undefined for NULL. */
  readonly children: readonly (readonly (Placement | undefined)[])[];
}

/** A structure in an image that holds a pointer. */
interface Container {
  readonly at: number;
  readonly path: string;
}

/**
 * Puts a buffer's value, with what it leads to, in the order in which Open Enclave's code reads it: each element's members, each with
 * what it leads to, one after the other (oeedger8r's w_emitter.h, `serialize_pointers_deep_copy`).
 *
 * @throws EDL_VALUE_REFUSED
 */
export function placeBuffer(
  builder: ImageBuilder,
  buffer: BufferPlan,
  value: unknown,
  container: Container,
): Placement {
  const path = `${container.path}.${buffer.name}`;
  const count = buffer.sequence.count(value, path);
  const bytes = count * buffer.sequence.elementBytes;
  const told = bytesOf(buffer.extent, { view: builder.view, at: container.at, path }, builder.maxBytes);
  if (told !== bytes) refuse(path, `${bytes} bytes, but the interface and its size and count say ${told}`);
  // Only sequences of bytes count an array of them.
  if (value instanceof Uint8Array) return { buffer, at: builder.append(value), count, bytes, children: [] };
  const at = builder.reserve(bytes);
  const deep = buffer.deep();
  if (deep === undefined) {
    buffer.sequence.write({ view: builder.view, at, path }, value);
    return { buffer, at, count, bytes, children: [] };
  }
  return {
    buffer,
    at,
    count,
    bytes,
    children: placeElements(builder, buffer, elementsOf(buffer, value), { at, path }),
  };
}

/**
 * Puts structures that are copied deeply into a piece that was reserved, and what they lead to after it.
 *
 * @returns what the members of each element lead to
 */
export function placeElements(
  builder: ImageBuilder,
  buffer: BufferPlan,
  elements: readonly unknown[],
  { at, path }: Container,
): (Placement | undefined)[][] {
  const deep = buffer.deep();
  if (deep === undefined) return [];
  return elements.map((element, i) =>
    placeStructure(builder, deep, element, { at: at + i * deep.struct.bytes, path: elementPath(buffer, path, i) }),
  );
}

/** @returns what its members lead to */
function placeStructure(
  builder: ImageBuilder,
  deep: DeepPlan,
  value: unknown,
  spot: Container,
): (Placement | undefined)[] {
  const object = deep.struct.check(value, spot.path);
  const followed = deep.members.map(({ buffer }) => {
    const member = ownMember(object, buffer.name);
    if (member === undefined) refuse(`${spot.path}.${buffer.name}`, 'it is missing');
    return { buffer, value: member };
  });
  const derived = deriveMeasures(followed, object, spot.path);
  const whole = Object.fromEntries([...Object.entries(object), ...derived]);
  deep.struct.write({ view: builder.view, ...spot }, whole);
  return deep.members.map(({ offset, buffer }) => {
    const member = ownMember(object, buffer.name);
    if (member === null) return undefined;
    const child = placeBuffer(builder, buffer, member, spot);
    builder.point(spot.at + offset, child.at);
    return child;
  });
}

/** Writes the parameters that are passed by value, and derives those that may be left out. */
export function placeValues(builder: ImageBuilder, plan: CallPlan, at: number, values: CallValues): void {
  const names = new Set(plan.parameters.map(({ name }) => name));
  for (const name of Object.keys(values)) if (!names.has(name)) refuse(plan.name, `it has no parameter "${name}"`);
  const given = plan.parameters.flatMap((parameter) =>
    parameter.kind === 'buffer' && parameter.direction !== 'out'
      ? [{ buffer: parameter.buffer, value: ownMember(values, parameter.name) }]
      : [],
  );
  const derived = new Map(deriveMeasures(given, values, plan.name));
  for (const parameter of plan.parameters) {
    if (parameter.kind !== 'value') continue;
    const { name, path, offset, form, isMeasure } = parameter;
    const written = ownMember(values, name);
    const value = written === undefined ? derived.get(name) : written;
    if (value !== undefined) form.write({ view: builder.view, at: at + offset, path }, value);
    else if (!isMeasure || needsMeasure(plan, name, values)) refuse(path, 'it is missing');
  }
}

/** Whether it is the measure of a buffer that is there. */
function needsMeasure({ parameters }: CallPlan, name: string, values: CallValues): boolean {
  return parameters.some((parameter) => {
    if (parameter.kind !== 'buffer' || ownMember(values, parameter.name) === null) return false;
    const { size, count } = parameter.buffer.extent;
    return [size, count].some((measure) => measure !== undefined && 'name' in measure && measure.name === name);
  });
}

interface GivenBuffer {
  readonly buffer: BufferPlan;
  readonly value: unknown;
}

/** Sizes and counts that are left out, by the values of buffers. Whether they agree is seen when the buffers are placed. */
function deriveMeasures(buffers: readonly GivenBuffer[], values: object, path: string): [string, number | bigint][] {
  const derived = new Map<string, number | bigint>();
  const known = (measure: MeasurePlan): number | undefined => {
    const number = 'value' in measure ? measure.value : (ownMember(values, measure.name) ?? derived.get(measure.name));
    return number === undefined ? undefined : Number(number);
  };
  const derive = (measure: MeasurePlan | undefined, number: number): void => {
    if (measure !== undefined && 'name' in measure && known(measure) === undefined) derived.set(measure.name, number);
  };
  for (const { buffer, value } of buffers) {
    if (value === null || value === undefined) continue;
    const { size, count } = buffer.extent;
    const elements = buffer.sequence.count(value, `${path}.${buffer.name}`);
    const bytes = elements * buffer.sequence.elementBytes;
    if (size === undefined) derive(count, elements);
    else if (count === undefined) derive(size, bytes);
    else {
      derive(size, known(count) === undefined ? buffer.sequence.elementBytes : quotient(bytes, known(count)));
      derive(count, quotient(bytes, known(size)));
    }
  }
  return [...derived];
}

/** 0 where there is no whole number: that disagrees when the buffer is placed. */
function quotient(bytes: number, by: number | undefined): number {
  return by !== undefined && by > 0 && Number.isInteger(bytes / by) ? bytes / by : 0;
}
