import { viewOf } from '@enclos/codec';
import type { OcallAnswer, OcallArguments } from '../arena/contract.ts';
import type { ArenaMemory, ArenaPatch } from '../arena/memory.ts';
import type { EdlValue } from '../arena/values.ts';
import type { Spot } from '../forms/form.ts';
import { decodeText } from '../forms/text.ts';
import { answerBuffer, answerCall, answerOf, answerText } from './answers.ts';
import { ArenaReader } from './arena-reader.ts';
import type { BufferPlan, DeepMember } from './buffer-plan.ts';
import type { BufferParameterPlan, CallPlan, ParameterPlan, StringPlan } from './call-plan.ts';
import { bytesOf, countOf } from './extent-plan.ts';
import type { ReadBuffer } from './pieces.ts';

/** What a pointer of the call leads to, where an answer is written. */
type PassedValue =
  | { readonly parameter: StringPlan; readonly address: bigint; readonly bytes: Uint8Array }
  | { readonly parameter: BufferParameterPlan; readonly read: ReadBuffer };

/**
 * An OCALL of Intel's SDK: `ms_NAME_t` and what its pointers lead to, on the enclave's untrusted stack (CodeGen.ml,
 * `gen_func_tproxy`). Results are written where the pointers lead.
 */
export function decodeIntelOcall(
  plan: CallPlan,
  memory: ArenaMemory,
  address: bigint,
  maxBytes: number,
): OcallArguments {
  const reader = new ArenaReader(memory, maxBytes);
  const call = reader.bytes(address, plan.layout.bytes, plan.name);
  const view = viewOf(call);
  const passed: PassedValue[] = [];
  const values = plan.parameters.flatMap((parameter): [string, EdlValue][] => {
    const found = decodeParameter(reader, view, parameter);
    if (found.passed !== undefined) passed.push(found.passed);
    return found.value === undefined ? [] : [[parameter.name, found.value]];
  });
  return {
    values: Object.fromEntries(values),
    encodeResult: (answer) => encodeResult(plan, { address, call, passed }, answer),
  };
}

interface DecodedParameter {
  /** Absent for what is `out` alone. */
  readonly value?: EdlValue;
  readonly passed?: PassedValue;
}

function decodeParameter(reader: ArenaReader, view: DataView, parameter: ParameterPlan): DecodedParameter {
  const { path, offset } = parameter;
  if (parameter.kind === 'value') return { value: parameter.form.read({ view, at: offset, path }) };
  const address = view.getBigUint64(offset, true);
  if (address === 0n) return { value: null };
  if (parameter.kind === 'string') {
    const bytes = reader.text(address, parameter.isWide, path);
    return { value: decodeText(bytes, parameter.isWide, path), passed: { parameter, address, bytes } };
  }
  const { buffer, direction } = parameter;
  const length = bytesOf(buffer.extent, { view, at: 0, path }, reader.maxBytes);
  reader.require(address, length, path);
  if (direction === 'out') {
    reader.charge(length, path);
    const read = {
      buffer,
      path,
      address,
      bytes: new Uint8Array(length),
      count: countOf(buffer.extent, length),
      children: [],
    };
    return { passed: { parameter, read } };
  }
  const { value, read } = readBuffer(reader, buffer, { address, length, path });
  return { value, passed: { parameter, read } };
}

/** A buffer and, one level deep, what its structures lead to. */
function readBuffer(
  reader: ArenaReader,
  buffer: BufferPlan,
  { address, length, path }: { address: bigint; length: number; path: string },
): { readonly value: EdlValue; readonly read: ReadBuffer } {
  const bytes = reader.bytes(address, length, path);
  const count = countOf(buffer.extent, length);
  const children: (ReadBuffer | undefined)[][] = [];
  const follow = (element: Spot, index: number, member: DeepMember): EdlValue => {
    const found = children[index] ?? (children[index] = []);
    const at = `${element.path}.${member.buffer.name}`;
    const target = element.view.getBigUint64(element.at + member.offset, true);
    if (target === 0n) {
      found.push(undefined);
      return null;
    }
    const memberLength = bytesOf(member.buffer.extent, { ...element, path: at }, reader.maxBytes);
    const child = readBuffer(reader, member.buffer, { address: target, length: memberLength, path: at });
    found.push(child.read);
    return child.value;
  };
  const value = reader.elements(buffer, { view: viewOf(bytes), at: 0, path }, count, follow);
  return { value, read: { buffer, path, address, bytes, count, children } };
}

interface DecodedCall {
  readonly address: bigint;
  readonly call: Uint8Array;
  readonly passed: readonly PassedValue[];
}

/** The addresses in the structure and in structures that it leads to stay as they are: the enclave checks them. */
function encodeResult(
  plan: CallPlan,
  { address, call, passed }: DecodedCall,
  answer: OcallAnswer,
): readonly ArenaPatch[] {
  const bytes = call.slice();
  answerCall(plan, viewOf(bytes), answer);
  const outputs = passed.filter(({ parameter }) => parameter.direction !== 'in');
  const patches = outputs.flatMap((item): ArenaPatch[] => {
    const value = answerOf(answer, item.parameter.name);
    if (!('read' in item)) return [{ address: item.address, bytes: answerText(item.parameter, item.bytes, value) }];
    return answerBuffer(item.read, value).map((written) => ({
      address: written.read.address ?? 0n,
      bytes: written.bytes,
    }));
  });
  // What is empty was not required to lie in the arena.
  return [{ address, bytes }, ...patches.filter((patch) => patch.bytes.length > 0)];
}
