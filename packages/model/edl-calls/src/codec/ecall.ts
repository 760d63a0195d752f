import { refuse } from '../arena/refusal.ts';
import type { CallValues, EdlValue } from '../arena/values.ts';
import { ownMember } from '../forms/form.ts';
import { decodeText, encodeText, unitBytes } from '../forms/text.ts';
import type { ArenaReader } from './arena-reader.ts';
import type { BufferParameterPlan, CallPlan, StringPlan } from './call-plan.ts';
import { bytesOf, countOf } from './extent-plan.ts';
import type { ImageBuilder } from './image-builder.ts';
import { placeBuffer, type Placement } from './placing.ts';

/** A string in an image. */
export interface PlacedText {
  readonly parameter: StringPlan;
  readonly at: number;
  readonly bytes: number;
}

/** A buffer in an image. */
export interface PlacedBuffer {
  readonly parameter: BufferParameterPlan;
  readonly placement: Placement;
}

export type PlacedValue = PlacedText | PlacedBuffer;

/**
 * Puts a string's value, and its length into the structure of the call.
 *
 * @param lengthUnit what the length counts: bytes, or characters
 * @returns undefined for NULL
 */
export function placeText(
  builder: ImageBuilder,
  parameter: StringPlan,
  { at, values, lengthUnit }: { at: number; values: CallValues; lengthUnit: 'byte' | 'character' },
): PlacedText | undefined {
  const { name, path, isWide, offset } = parameter;
  const value = ownMember(values, name);
  if (value === undefined) refuse(path, 'it is missing');
  if (value === null) return undefined;
  const bytes = encodeText(value, isWide, path);
  const target = builder.append(bytes);
  builder.point(at + offset, target);
  if (parameter.length !== undefined) {
    const length = lengthUnit === 'byte' ? bytes.length : bytes.length / unitBytes(isWide);
    builder.view.setBigUint64(at + parameter.length, BigInt(length), true);
  }
  return { parameter, at: target, bytes: bytes.length };
}

/** Puts the value of a buffer that is `in` or `in, out`. @returns undefined for NULL */
export function placeInput(
  builder: ImageBuilder,
  parameter: BufferParameterPlan,
  { at, values, plan }: { at: number; values: CallValues; plan: CallPlan },
): PlacedBuffer | undefined {
  const value = ownMember(values, parameter.name);
  if (value === undefined) refuse(parameter.path, 'it is missing');
  if (value === null) return undefined;
  const placement = placeBuffer(builder, parameter.buffer, value, { at, path: plan.name });
  builder.point(at + parameter.offset, placement.at);
  return { parameter, placement };
}

/** A smaller piece is carried sooner than it is named. */
export const LARGE_BYTES = 16_384;

/** Reserves a buffer that is `out` alone. @returns undefined for NULL */
export function placeOutput(
  builder: ImageBuilder,
  parameter: BufferParameterPlan,
  { at, values }: { at: number; values: CallValues },
): PlacedBuffer | undefined {
  const { name, path, buffer, offset } = parameter;
  const value = ownMember(values, name);
  if (value === null) return undefined;
  if (value !== undefined) refuse(path, 'the enclave fills it: leave it out, or pass null');
  const bytes = bytesOf(buffer.extent, { view: builder.view, at, path }, builder.maxBytes);
  const target = bytes < LARGE_BYTES ? builder.reserve(bytes) : builder.reserveBlank(bytes);
  builder.point(at + offset, target);
  return { parameter, placement: { buffer, at: target, count: countOf(buffer.extent, bytes), bytes, children: [] } };
}

/** What a string that is `in, out` became. */
export function readText(reader: ArenaReader, { parameter, bytes }: PlacedText, address: bigint): EdlValue {
  return decodeText(reader.bytes(address, bytes, parameter.path), parameter.isWide, parameter.path);
}

export function isText(placed: PlacedValue): placed is PlacedText {
  return placed.parameter.kind === 'string';
}
