import { viewOf } from '@enclos/codec';
import type { OcallAnswer, OcallArguments } from '../arena/contract.ts';
import type { ArenaMemory, ArenaPatch } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import type { EdlValue } from '../arena/values.ts';
import { unitBytes } from '../forms/text.ts';
import { answerBuffer, answerCall, answerOf, answerText } from './answers.ts';
import { ArenaReader } from './arena-reader.ts';
import type { BufferParameterPlan, CallPlan, StringPlan } from './call-plan.ts';
import { encodeDeepOutput, putDeepCopyBuffer } from './deep-output.ts';
import { bytesOf, countOf } from './extent-plan.ts';
import { PIECE_ALIGNMENT, roundUpPiece } from './image-builder.ts';
import { oeCallRecord, oeHead } from './oe-call-record.ts';
import { OeResult } from './oe-result.ts';
import { decodeOeText, PieceReader, type ReadBuffer, readPieces } from './pieces.ts';

/** What is passed back in the output buffer. */
type PassedValue =
  | { readonly parameter: StringPlan; readonly bytes: Uint8Array }
  | { readonly parameter: BufferParameterPlan; readonly read: ReadBuffer };

/** The two buffers of a call, as its record names them. */
interface CallBuffers {
  readonly input: bigint;
  readonly inputBytes: number;
  readonly output: bigint;
  readonly outputBytes: number;
}

export interface OeOcall {
  readonly plan: CallPlan;
  readonly index: number;
  readonly maxBytes: number;
}

/**
 * An OCALL of Open Enclave: the record of the call, the input buffer with `NAME_args_t` and each `in` and `in, out` value, and
 * the output buffer (oeedger8r's f_emitter.h). Addresses in the structure only say what is NULL.
 */
export function decodeOeOcall(
  { plan, index, maxBytes }: OeOcall,
  memory: ArenaMemory,
  address: bigint,
): OcallArguments {
  const reader = new ArenaReader(memory, maxBytes);
  const record = reader.view(address, oeCallRecord.bytes, plan.name);
  if (record.getBigUint64(oeCallRecord.index, true) !== BigInt(index)) {
    refuse(plan.name, `it does not have the index ${index}`);
  }
  const buffers = buffersIn(record, plan, maxBytes);
  const input = reader.bytes(buffers.input, buffers.inputBytes, plan.name);
  reader.require(buffers.output, buffers.outputBytes, plan.name);
  // It is allocated for the answer.
  reader.charge(buffers.outputBytes, plan.name);
  const { values, passed } = decodeParameters(reader, plan, input);
  if (outputBytesOf(plan, passed) !== buffers.outputBytes) {
    refuse(plan.name, 'its output buffer has another size than its outputs');
  }
  return {
    values,
    encodeResult: (answer) => encodeResult(plan, { address, buffers, passed, maxBytes }, answer),
  };
}

/** As the SDK's host has it (host/sgx/calls.c, `oe_handle_call_host_function`). */
function buffersIn(record: DataView, { name, layout }: CallPlan, maxBytes: number): CallBuffers {
  const size = (offset: number): number => {
    const bytes = record.getBigUint64(offset, true);
    if (bytes > BigInt(maxBytes)) refuse(name, `a buffer of more than ${maxBytes} bytes`);
    if (bytes < layout.bytes || bytes % BigInt(PIECE_ALIGNMENT) !== 0n) refuse(name, `a buffer of ${bytes} bytes`);
    return Number(bytes);
  };
  const [input, output] = [
    record.getBigUint64(oeCallRecord.input, true),
    record.getBigUint64(oeCallRecord.output, true),
  ];
  if (input === 0n || output === 0n) refuse(name, 'a buffer at NULL');
  return { input, inputBytes: size(oeCallRecord.inputBytes), output, outputBytes: size(oeCallRecord.outputBytes) };
}

function decodeParameters(reader: ArenaReader, plan: CallPlan, input: Uint8Array) {
  const view = viewOf(input);
  const pieces = new PieceReader(input, roundUpPiece(plan.layout.bytes), plan.name);
  const values: [string, EdlValue][] = [];
  const passed: PassedValue[] = [];
  for (const parameter of plan.parameters) {
    const { name, path, offset } = parameter;
    if (parameter.kind === 'value') values.push([name, parameter.form.read({ view, at: offset, path })]);
    else if (view.getBigUint64(offset, true) === 0n) values.push([name, null]);
    else if (parameter.kind === 'string') {
      const bytes = pieces.take(textBytes(view, parameter, reader.maxBytes), path);
      values.push([name, decodeOeText(bytes, parameter)]);
      if (parameter.direction === 'inout') passed.push({ parameter, bytes });
    } else {
      const { buffer, direction } = parameter;
      const length = bytesOf(buffer.extent, { view, at: 0, path }, reader.maxBytes);
      if (direction === 'out') {
        reader.charge(length, path);
        const read = {
          buffer,
          path,
          bytes: new Uint8Array(length),
          count: countOf(buffer.extent, length),
          children: [],
        };
        passed.push({ parameter, read });
      } else {
        const { value, read } = readPieces(reader, pieces, {
          buffer,
          bytes: pieces.take(length, path),
          path,
          depth: 0,
          // An answer is written over what was passed.
          isOurs: false,
        });
        values.push([name, value]);
        if (direction === 'inout') passed.push({ parameter, read });
      }
    }
  }
  pieces.end();
  return { values: Object.fromEntries(values), passed };
}

function textBytes(view: DataView, { length, isWide, path }: StringPlan, maxBytes: number): number {
  const characters = view.getBigUint64(length ?? 0, true);
  if (characters > BigInt(maxBytes)) refuse(path, `more than ${maxBytes} bytes`);
  return Number(characters) * unitBytes(isWide);
}

function outputBytesOf({ layout }: CallPlan, passed: readonly PassedValue[]): number {
  const ofRead = (read: ReadBuffer): number =>
    read.children
      .flat()
      .reduce((sum, child) => sum + (child === undefined ? 0 : ofRead(child)), roundUpPiece(read.bytes.length));
  return passed.reduce(
    (sum, item) => sum + ('read' in item ? ofRead(item.read) : roundUpPiece(item.bytes.length)),
    roundUpPiece(layout.bytes),
  );
}

interface DecodedCall {
  readonly address: bigint;
  readonly buffers: CallBuffers;
  readonly passed: readonly PassedValue[];
  readonly maxBytes: number;
}

function encodeResult(plan: CallPlan, call: DecodedCall, answer: OcallAnswer): readonly ArenaPatch[] {
  const { address, buffers, passed, maxBytes } = call;
  const output = new Uint8Array(buffers.outputBytes);
  const view = viewOf(output);
  view.setUint32(oeHead.result, OeResult.ok, true);
  answerCall(plan, view, answer);
  let at = roundUpPiece(plan.layout.bytes);
  const put = (bytes: Uint8Array): void => {
    output.set(bytes, at);
    at += roundUpPiece(bytes.length);
  };
  const deepCopies: ReturnType<typeof encodeDeepOutput>[] = [];
  for (const item of passed) {
    const value = answerOf(answer, item.parameter.name);
    if (!('read' in item)) put(answerText(item.parameter, item.bytes, value));
    else if (item.parameter.direction === 'out' && item.read.buffer.deep() !== undefined) {
      const deep = encodeDeepOutput(item.read, value, { offset: at, maxBytes });
      put(deep.elements);
      deepCopies.push(deep);
    } else for (const { bytes } of answerBuffer(item.read, value)) put(bytes);
  }
  const deepCopy = putDeepCopyBuffer(plan.name, output, { deepCopies, answer });
  const end = new Uint8Array(oeCallRecord.bytes - oeCallRecord.written);
  viewOf(end).setBigUint64(0, BigInt(buffers.outputBytes), true);
  return [
    ...deepCopy,
    { address: buffers.output, bytes: output },
    { address: address + BigInt(oeCallRecord.written), bytes: end },
  ];
}
