import type { EcallArguments, EcallResult } from '../arena/contract.ts';
import type { ArenaMemory, SparedPieces } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import type { CallValues, EdlValue } from '../arena/values.ts';
import type { Spot } from '../forms/form.ts';
import { ArenaReader } from './arena-reader.ts';
import { type DeepMember, elementPath } from './buffer-plan.ts';
import type { CallPlan } from './call-plan.ts';
import { isText, LARGE_BYTES, type PlacedValue, placeInput, placeOutput, placeText, readText } from './ecall.ts';
import { bytesOf, countOf } from './extent-plan.ts';
import { ImageBuilder, roundUpPiece } from './image-builder.ts';
import { type Placement, placeValues } from './placing.ts';

/**
 * An ECALL of Intel's SDK: `ms_NAME_t`, then what its pointers lead to. The enclave writes results to where the pointers lead
 * (CodeGen.ml, `gen_func_tbridge`).
 */
export function encodeIntelEcall(plan: CallPlan, values: CallValues, maxBytes: number): EcallArguments {
  const builder = new ImageBuilder(plan.name, maxBytes);
  const start = builder.reserve(plan.layout.bytes);
  placeValues(builder, plan, start, values);
  const all = plan.parameters.map((parameter): PlacedValue | undefined => {
    if (parameter.kind === 'value') return undefined;
    const context = { at: start, values, plan };
    if (parameter.kind === 'string') return placeText(builder, parameter, { ...context, lengthUnit: 'byte' });
    return parameter.direction === 'out'
      ? placeOutput(builder, parameter, context)
      : placeInput(builder, parameter, context);
  });
  const placed = all.filter((item) => item !== undefined);
  for (const item of placed) {
    if (!isText(item) && item.parameter.direction === 'inout') {
      refuseSkippedMembers(builder, item.placement, item.parameter.path);
    }
  }
  const spared = sparedPieces(placed);
  return {
    image: { ...builder.finish(start), ...(spared === undefined ? {} : { spared }) },
    decodeResult: (memory, address) => decodeResult(plan, placed, { memory, base: address, start, maxBytes }),
  };
}

/** A message names so many pieces. */
const MAX_SPARED = 16;

/** Buffers in one direction whose elements lead to nothing. */
function sparedPieces(placed: readonly PlacedValue[]): SparedPieces | undefined {
  const pieces = placed.flatMap((item) => {
    if (isText(item) || item.placement.bytes < LARGE_BYTES || item.parameter.buffer.deep() !== undefined) return [];
    const { at, bytes } = item.placement;
    // With its padding, so that what is after it stays aligned.
    return [{ direction: item.parameter.direction, piece: { at, bytes: roundUpPiece(bytes) } }];
  });
  const of = (direction: 'in' | 'out') =>
    pieces
      .filter((item) => item.direction === direction)
      .slice(0, MAX_SPARED)
      .map(({ piece }) => piece);
  const [inputs, outputs] = [of('in'), of('out')];
  return inputs.length + outputs.length === 0 ? undefined : { inputs, outputs };
}

/**
 * The bridge keeps no copy of a member that is NULL, but skips as many bytes as its size and count say when it writes back
 * (CodeGen.ml, `gen_struct_ptr_direction_post`). Whatever follows it would be read from the wrong place of the enclave's heap.
 */
function refuseSkippedMembers(
  { view, maxBytes }: ImageBuilder,
  { buffer, at, children }: Placement,
  path: string,
): void {
  const deep = buffer.deep();
  if (deep === undefined) return;
  const members = children.flatMap((found, i) =>
    deep.members.map((member, m) => {
      const spot = {
        view,
        at: at + i * deep.struct.bytes,
        path: `${elementPath(buffer, path, i)}.${member.buffer.name}`,
      };
      return { spot, isSkipped: found[m] === undefined && bytesOf(member.buffer.extent, spot, maxBytes) > 0 };
    }),
  );
  const skipped = members.slice(0, -1).find(({ isSkipped }) => isSkipped);
  if (skipped !== undefined) {
    refuse(
      skipped.spot.path,
      'NULL with a size and count that are not 0, after which code of the SDK of Intel loses its place',
    );
  }
}

interface ReturnedImage {
  readonly memory: ArenaMemory;
  /** Address of the image. */
  readonly base: bigint;
  /** Offset of the structure of the call. */
  readonly start: number;
  readonly maxBytes: number;
}

function decodeResult(
  plan: CallPlan,
  placed: readonly PlacedValue[],
  { memory, base, start, maxBytes }: ReturnedImage,
): EcallResult {
  const reader = new ArenaReader(memory, maxBytes);
  const view = reader.view(base + BigInt(start), plan.layout.bytes, plan.name);
  const outputs = placed.flatMap((item): [string, EdlValue][] => {
    const { parameter } = item;
    const at = isText(item) ? item.at : item.placement.at;
    const address = base + BigInt(at);
    if (view.getBigUint64(parameter.offset, true) !== address) {
      refuse(parameter.path, 'the enclave changed its address');
    }
    if (parameter.direction === 'in') return [];
    const value = isText(item)
      ? readText(reader, item, address)
      : readPlacement(reader, item.placement, { base, path: parameter.path });
    return [[parameter.name, value]];
  });
  const returned = plan.returned?.form.read({ view, at: plan.returned.offset, path: `${plan.name}.return` });
  return { ...(returned === undefined ? {} : { returned }), outputs: Object.fromEntries(outputs) };
}

function readPlacement(
  reader: ArenaReader,
  placement: Placement,
  { base, path }: { base: bigint; path: string },
): EdlValue {
  const view = reader.view(base + BigInt(placement.at), placement.bytes, path);
  const spot = { view, at: 0, path, isOurs: true };
  return reader.elements(placement.buffer, spot, placement.count, (element, i, member) =>
    readMember(reader, member, { element, child: childOf(placement, i, member), base }),
  );
}

/** The enclave puts the addresses back, and may shorten what they lead to (CodeGen.ml, `gen_struct_ptr_direction_post`). */
function readMember(
  reader: ArenaReader,
  { offset, buffer }: DeepMember,
  { element, child, base }: { element: Spot; child: Placement | undefined; base: bigint },
): EdlValue {
  const path = `${element.path}.${buffer.name}`;
  const address = child === undefined ? 0n : base + BigInt(child.at);
  if (element.view.getBigUint64(element.at + offset, true) !== address) refuse(path, 'the enclave changed its address');
  if (child === undefined) return null;
  const bytes = bytesOf(buffer.extent, { ...element, path }, reader.maxBytes);
  if (bytes > child.bytes) refuse(path, `${bytes} bytes, but ${child.bytes} were passed`);
  const view = reader.view(address, bytes, path);
  return reader.elements(buffer, { view, at: 0, path }, countOf(buffer.extent, bytes), () => null);
}

export function childOf({ buffer, children }: Placement, index: number, member: DeepMember): Placement | undefined {
  return children[index]?.[buffer.deep()?.members.indexOf(member) ?? -1];
}
