import { ByteWriter } from '@enclos/codec';
import {
  absentCalls,
  allowedCalls,
  checkedCalls,
  firstUnknownCall,
  stubPrctl,
  type CallNumbers,
  type CheckedCall,
  type Condition,
} from './system-calls.ts';

/**
 * The system call filter of an enclave process, assembled as classic BPF (seccomp(2), linux/filter.h) from the tables
 * of `system-calls.ts`: the listed calls are allowed, and everything else is refused with EPERM.
 */

type Architecture = 'x64' | 'arm64';

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 (linux/audit.h). */
const auditArchitecture: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** The x32 calls of x86-64 are numbered from here; an enclave has no use for them. */
const x32Calls = 0x4000_0000;

const ret = {
  allow: 0x7fff_0000,
  kill: 0x8000_0000,
  /** Answered as done, and not done. */
  ignore: 0x0005_0000,
  eperm: 0x0005_0000 | 1,
  enoent: 0x0005_0000 | 2,
  enosys: 0x0005_0000 | 38,
};
const op = { loadWord: 0x20, jumpEqual: 0x15, jumpGreaterOrEqual: 0x35, jumpSet: 0x45, return: 0x06 };
/** struct seccomp_data: nr, arch, instruction_pointer, args[6]; the low word comes first on both architectures. */
const data = { number: 0, architecture: 4, pointer: 8, low: (argument: number) => 16 + 8 * argument };

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/** What a filter makes of each call. A call of no table is refused with EPERM. */
export interface FilterTables {
  readonly allowed: Readonly<Record<string, CallNumbers>>;
  readonly checked: Readonly<Record<string, CheckedCall>>;
  /** Refused with ENOENT: nothing has a name. */
  readonly unnamed?: Readonly<Record<string, CallNumbers>>;
  /** Refused with ENOSYS. */
  readonly absent: Readonly<Record<string, CallNumbers>>;
}

function program(
  architecture: Architecture,
  { allowed, checked, unnamed = {}, absent }: FilterTables,
): readonly Instruction[] {
  const numberOf = (numbers: CallNumbers): readonly number[] => {
    const number = numbers[architecture === 'x64' ? 0 : 1];
    return number === undefined ? [] : [number];
  };
  const every = (calls: Readonly<Record<string, CallNumbers>>, action: number): readonly Instruction[] =>
    Object.values(calls)
      .flatMap(numberOf)
      .flatMap((number) => onNumber(number, [[op.return, 0, 0, action]]));
  return [
    [op.loadWord, 0, 0, data.architecture],
    [op.jumpEqual, 1, 0, auditArchitecture[architecture]],
    [op.return, 0, 0, ret.kill],
    [op.loadWord, 0, 0, data.number],
    ...(architecture === 'x64' ? fromNumber(x32Calls, ret.eperm) : []),
    ...fromNumber(firstUnknownCall, ret.enosys),
    ...every(allowed, ret.allow),
    ...Object.values(checked).flatMap((call) =>
      numberOf(call.numbers).flatMap((number) => onNumber(number, check(call))),
    ),
    ...every(unnamed, ret.enoent),
    ...every(absent, ret.enosys),
    [op.return, 0, 0, ret.eperm],
  ];
}

/** The instructions for one call. The block ends with a `return`, so the number is not needed after it. */
function onNumber(number: number, block: readonly Instruction[]): readonly Instruction[] {
  return [[op.jumpEqual, 0, block.length, number], ...block];
}

function fromNumber(number: number, action: number): readonly Instruction[] {
  return [
    [op.jumpGreaterOrEqual, 0, 1, number],
    [op.return, 0, 0, action],
  ];
}

function check({ when, ignored = [], otherwise }: CheckedCall): readonly Instruction[] {
  return [
    ...when.flatMap((conditions) => returnWhen(conditions, ret.allow)),
    ...ignored.flatMap((conditions) => returnWhen(conditions, ret.ignore)),
    [op.return, 0, 0, otherwise === undefined ? ret.eperm : ret.kill],
  ];
}

/** Takes this action when all conditions hold, and otherwise continues after these instructions. */
function returnWhen([first, ...others]: readonly Condition[], action: number): readonly Instruction[] {
  if (first === undefined) return [[op.return, 0, 0, action]];
  const rest = returnWhen(others, action);
  return [...test(first, rest.length), ...rest];
}

/** Continues when the condition holds, and otherwise skips `leap` instructions. */
function test(condition: Condition, leap: number): readonly Instruction[] {
  if ('before' in condition) return equals(data.pointer, condition.before, leap);
  const at = data.low(condition.argument);
  const load: Instruction = [op.loadWord, 0, 0, at];
  if ('set' in condition) return [load, [op.jumpSet, 0, leap, condition.set]];
  if ('clear' in condition) return [load, [op.jumpSet, leap, 0, condition.clear]];
  if ('zero' in condition) return equals(at, 0n, leap);
  if ('noneOf' in condition) {
    const { noneOf } = condition;
    return [load, ...noneOf.map((value, i): Instruction => [op.jumpEqual, noneOf.length - 1 - i + leap, 0, value])];
  }
  const last = condition.oneOf.length - 1;
  return [
    load,
    ...condition.oneOf.map((value, i): Instruction => [op.jumpEqual, last - i, i < last ? 0 : leap, value]),
  ];
}

/** Continues when both words of the field have this value. */
function equals(at: number, value: bigint, leap: number): readonly Instruction[] {
  const word = 0xffff_ffffn;
  return [
    [op.loadWord, 0, 0, at],
    [op.jumpEqual, 0, leap + 2, Number(value & word)],
    [op.loadWord, 0, 0, at + 4],
    [op.jumpEqual, 0, leap, Number(value >> 32n)],
  ];
}

/** The filter as an array of struct sock_filter, the form that `setpriv --seccomp-filter` and bubblewrap read. */
export function seccompFilter(architecture: Architecture): Uint8Array {
  return assembledFilter(architecture, interpreterTables);
}

/** The outer filter of a process that adds its own, narrower one: otherwise as that of other enclaves. */
export function outerFilter(architecture: Architecture): Uint8Array {
  return assembledFilter(architecture, { ...interpreterTables, checked: { ...checkedCalls, prctl: stubPrctl } });
}

export const interpreterTables: FilterTables = { allowed: allowedCalls, checked: checkedCalls, absent: absentCalls };

export function assembledFilter(architecture: Architecture, tables: FilterTables): Uint8Array {
  return assembled(program(architecture, tables));
}

function assembled(instructions: readonly Instruction[]): Uint8Array {
  const writer = new ByteWriter({ sizeHint: 4096 });
  for (const [code, jumpTrue, jumpFalse, operand] of instructions) {
    writer.u16(code).u8(jumpTrue).u8(jumpFalse).u32(operand);
  }
  return writer.finish();
}
