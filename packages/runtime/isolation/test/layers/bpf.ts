/** A classic BPF machine for seccomp filters (linux/filter.h): the part that a filter may use. */

export interface SystemCall {
  readonly number: number;
  readonly architecture: number;
  readonly arguments?: readonly (number | bigint)[];
  /** Of the instruction after the call. */
  readonly pointer?: bigint;
}

interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly operand: number;
}

export function decodeProgram(filter: Uint8Array): readonly Instruction[] {
  if (filter.length % 8 !== 0) throw new Error('A filter is an array of 8-byte instructions.');
  const view = new DataView(filter.buffer, filter.byteOffset, filter.length);
  return Array.from({ length: filter.length / 8 }, (_, i) => ({
    code: view.getUint16(i * 8, true),
    jumpTrue: view.getUint8(i * 8 + 2),
    jumpFalse: view.getUint8(i * 8 + 3),
    operand: view.getUint32(i * 8 + 4, true),
  }));
}

/** struct seccomp_data, little-endian. */
function dataOf(call: SystemCall): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  data.setBigUint64(8, call.pointer ?? 0n, true);
  call.arguments?.forEach((value, i) => data.setBigUint64(16 + i * 8, BigInt(value), true));
  return data;
}

/** @returns the value of the `return` that the program ends with. */
export function runFilter(program: readonly Instruction[], call: SystemCall): number {
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; ;) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error('The program ran past its end.');
    const { code, jumpTrue, jumpFalse, operand } = instruction;
    at += 1;
    if (code === 0x06) return operand;
    else if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x15) at += accumulator === operand ? jumpTrue : jumpFalse;
    else if (code === 0x35) at += accumulator >= operand ? jumpTrue : jumpFalse;
    else if (code === 0x45) at += (accumulator & operand) !== 0 ? jumpTrue : jumpFalse;
    else throw new Error(`Instruction ${code.toString(16)} is not one of a filter.`);
  }
}
