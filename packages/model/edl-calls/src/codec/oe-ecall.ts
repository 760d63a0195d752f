import type { EcallArguments, EcallResult } from '../arena/contract.ts';
import type { ArenaHandle, ArenaMemory } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import type { CallValues, EdlValue } from '../arena/values.ts';
import type { Spot } from '../forms/form.ts';
import { ArenaReader } from './arena-reader.ts';
import type { DeepPlan } from './buffer-plan.ts';
import type { CallPlan } from './call-plan.ts';
import { isText, type PlacedValue, type PlacedText, placeInput, placeOutput, placeText } from './ecall.ts';
import { measureAt, type NamedMeasure } from './extent-plan.ts';
import { ImageBuilder } from './image-builder.ts';
import { childOf } from './intel-ecall.ts';
import { oeCallRecord, oeHead } from './oe-call-record.ts';
import { oeCallFailed, OeResult } from './oe-result.ts';
import { decodeOeText, PieceReader, readPieces } from './pieces.ts';
import { type Placement, placeValues } from './placing.ts';

/** Where an output stands in the output buffer. */
interface Output {
  readonly placed: PlacedValue;
  readonly place: OutputPlace;
}

interface OutputPlace {
  readonly at: number;
  /** Structures as they were passed: the enclave cannot change their sizes and counts. */
  readonly original?: Uint8Array;
  readonly children: readonly (readonly (OutputPlace | undefined)[])[];
}

/** Offsets of an image: the record of the call at 0, input buffer, output buffer. */
interface Regions {
  readonly input: number;
  readonly output: number;
  readonly end: number;
}

/**
 * An ECALL of Open Enclave: the record of the call, the input buffer (`NAME_args_t`, then each `in` and `in, out` value) and
 * the output buffer (`NAME_args_t`, then each `out` and `in, out` value), which the enclave fills (oeedger8r's w_emitter.h).
 */
export function encodeOeEcall(plan: CallPlan, index: number, values: CallValues, maxBytes: number): EcallArguments {
  const builder = new ImageBuilder(plan.name, maxBytes);
  builder.reserve(oeCallRecord.bytes);
  const input = builder.reserve(plan.layout.bytes);
  placeValues(builder, plan, input, values);
  const context = { at: input, values, plan, lengthUnit: 'character' as const };
  const inputs = plan.parameters.map((parameter): PlacedValue | undefined => {
    if (parameter.kind === 'string') return placeText(builder, parameter, context);
    return parameter.kind === 'buffer' && parameter.direction !== 'out'
      ? placeInput(builder, parameter, context)
      : undefined;
  });
  const output = builder.reserve(plan.layout.bytes);
  const outputs = plan.parameters.flatMap((parameter, i): Output[] => {
    if (parameter.kind === 'value' || parameter.direction === 'in') return [];
    const isOut = parameter.kind === 'buffer' && parameter.direction === 'out';
    const placed = isOut ? placeOutput(builder, parameter, context) : inputs[i];
    if (placed === undefined) return [];
    if (isText(placed)) return [{ placed, place: { at: builder.reserve(placed.bytes), children: [] } }];
    const { placement } = placed;
    return [{ placed, place: isOut ? { at: placement.at, children: [] } : reserveOutput(builder, placement) }];
  });
  const regions = { input, output, end: builder.length };
  writeRecord(builder, index, regions);
  return {
    image: builder.finish(0),
    decodeResult: (memory, address) => decodeResult(plan, outputs, { memory, base: address, regions, maxBytes }),
    deepCopyBuffer: (memory, address) => reservedBuffer(plan, { memory, base: address, regions, maxBytes }),
  };
}

function writeRecord(builder: ImageBuilder, index: number, { input, output, end }: Regions): void {
  const { view } = builder;
  view.setBigUint64(oeCallRecord.index, BigInt(index), true);
  builder.point(oeCallRecord.input, input);
  view.setBigUint64(oeCallRecord.inputBytes, BigInt(output - input), true);
  builder.point(oeCallRecord.output, output);
  view.setBigUint64(oeCallRecord.outputBytes, BigInt(end - output), true);
  view.setUint32(oeCallRecord.result, OeResult.unexpected, true);
}

/** Room for an `in, out` value and what it leads to, in the order of the input. */
function reserveOutput(builder: ImageBuilder, placement: Placement): OutputPlace {
  const at = builder.reserve(placement.bytes);
  if (placement.buffer.deep() === undefined) return { at, children: [] };
  const original = builder.slice(placement.at, placement.bytes);
  const children = placement.children.map((members) =>
    members.map((child) => (child === undefined ? undefined : reserveOutput(builder, child))),
  );
  return { at, original, children };
}

interface ReturnedImage {
  readonly memory: ArenaMemory;
  /** Address of the image. */
  readonly base: bigint;
  readonly regions: Regions;
  readonly maxBytes: number;
}

/** What says how the call went. */
interface Answer {
  readonly record: DataView;
  /** `NAME_args_t` of the output buffer. */
  readonly head: DataView;
  /** An `oe_result_t` */
  readonly status: number;
}

function answerOf(reader: ArenaReader, { name, layout }: CallPlan, { base, regions }: ReturnedImage): Answer {
  const record = reader.view(base, oeCallRecord.bytes, name);
  const head = reader.view(base + BigInt(regions.output), layout.bytes, name);
  const status = head.getUint32(oeHead.result, true);
  return {
    record,
    head,
    status: record.getUint32(oeCallRecord.result, true) === OeResult.ok ? status : status || OeResult.unexpected,
  };
}

/** When a call fails, the enclave takes the address back (enclave/core/sgx/calls.c), and oeedger8r's host code does not look at it. */
function reservedBuffer(plan: CallPlan, returned: ReturnedImage): bigint | undefined {
  const { head, status } = answerOf(new ArenaReader(returned.memory, returned.maxBytes), plan, returned);
  const address = head.getBigUint64(oeHead.deepCopyBuffer, true);
  return status !== OeResult.ok || address === 0n ? undefined : address;
}

function decodeResult(plan: CallPlan, outputs: readonly Output[], returned: ReturnedImage): EcallResult {
  const { memory, base, regions, maxBytes } = returned;
  const reader = new ArenaReader(memory, maxBytes);
  const { record, head, status } = answerOf(reader, plan, returned);
  if (status !== OeResult.ok) throw oeCallFailed(plan.name, status);
  if (record.getBigUint64(oeCallRecord.written, true) !== BigInt(regions.end - regions.output)) {
    refuse(plan.name, 'the enclave did not fill the output buffer');
  }
  const deepCopyBuffer = deepCopyBufferIn(head, plan.name);
  const deepBytes =
    deepCopyBuffer === undefined
      ? new Uint8Array()
      : reader.bytes(deepCopyBuffer.address, deepCopyBuffer.bytes, plan.name);
  const pieces = new PieceReader(deepBytes, 0, plan.name);
  const entries = outputs.map((output): [string, EdlValue] => [
    output.placed.parameter.name,
    readOutput(reader, output, { base, pieces }),
  ]);
  pieces.end();
  const value = plan.returned?.form.read({ view: head, at: plan.returned.offset, path: `${plan.name}.return` });
  return { ...(value === undefined ? {} : { returned: value }), outputs: Object.fromEntries(entries) };
}

/** The address is there exactly when the size is (enclave/core/sgx/calls.c). */
function deepCopyBufferIn(head: DataView, call: string): ArenaHandle | undefined {
  const address = head.getBigUint64(oeHead.deepCopyBuffer, true);
  const bytes = head.getBigUint64(oeHead.deepCopyBytes, true);
  if (address === 0n && bytes === 0n) return undefined;
  if (address === 0n || bytes === 0n || bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    refuse(call, 'its deep-copy buffer has no address or no size');
  }
  return { address, bytes: Number(bytes) };
}

function readOutput(
  reader: ArenaReader,
  { placed, place }: Output,
  { base, pieces }: { base: bigint; pieces: PieceReader },
): EdlValue {
  const address = base + BigInt(place.at);
  if (isText(placed)) return readOeText(reader, placed, address);
  const { placement, parameter } = placed;
  const { path } = parameter;
  if (parameter.direction === 'inout') return readPlacement(reader, placement, { place, base, path });
  const bytes = reader.bytes(address, placement.bytes, path);
  return readPieces(reader, pieces, { buffer: placement.buffer, bytes, path, depth: 0, isOurs: true }).value;
}

function readOeText(reader: ArenaReader, { parameter, bytes }: PlacedText, address: bigint): EdlValue {
  const text = reader.bytes(address, bytes, parameter.path);
  return decodeOeText(text, parameter);
}

interface PlacedOutput {
  readonly place: OutputPlace;
  readonly base: bigint;
  readonly path: string;
}

/** Sizes are those that were passed (oeedger8r's w_emitter.h, `unmarshal_deep_copy`). */
function readPlacement(reader: ArenaReader, placement: Placement, { place, base, path }: PlacedOutput): EdlValue {
  const view = reader.view(base + BigInt(place.at), placement.bytes, path);
  const deep = placement.buffer.deep();
  if (deep !== undefined && place.original !== undefined) keepMeasures(view, place.original, { deep, path });
  const spot = { view, at: 0, path, isOurs: true };
  return reader.elements(placement.buffer, spot, placement.count, (element, i, member) => {
    const child = childOf(placement, i, member);
    const childPlace = place.children[i]?.[deep?.members.indexOf(member) ?? -1];
    if (child === undefined || childPlace === undefined) return null;
    return readPlacement(reader, child, { place: childPlace, base, path: `${element.path}.${member.buffer.name}` });
  });
}

/** A callee may not enlarge a size or count, and what else it does to one is not seen. */
function keepMeasures(view: DataView, original: Uint8Array, { deep, path }: { deep: DeepPlan; path: string }): void {
  const before = new DataView(original.buffer, original.byteOffset, original.byteLength);
  for (let at = 0; at < original.length; at += deep.struct.bytes) {
    for (const measure of deep.measures) {
      const spot: Spot = { view, at, path };
      if (measureAt(measure, spot) > measureAt(measure, { ...spot, view: before })) {
        refuse(path, `the enclave enlarged its measure "${measure.name}"`);
      }
      copyMeasure(view, before, { at, measure });
    }
  }
}

function copyMeasure(view: DataView, from: DataView, { at, measure }: { at: number; measure: NamedMeasure }): void {
  measure.scalar.set(view, at + measure.offset, measure.scalar.get(from, at + measure.offset));
}
