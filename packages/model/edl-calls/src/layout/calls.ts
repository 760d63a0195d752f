import type { CType, FunctionModel, OcallModel, ParameterModel } from '@enclos/edl-compiler';
import { type FieldLayout, layOut, type StructLayout, type TypeSize, type TypeSizes } from './sizes.ts';

/** How an SDK's generated code passes the values of a call. */
export type Abi = 'intel' | 'oe';

/** The structure that holds the values of a call: `ms_NAME_t` of Intel's SDK, `NAME_args_t` of Open Enclave. */
export interface CallLayout extends StructLayout {
  /** What the function returns; absent for `void`. */
  readonly returned?: FieldLayout;
  /** Only of an OCALL with `propagate_errno`. */
  readonly errno?: FieldLayout;
  /** In the order of the function's parameters. */
  readonly parameters: readonly ParameterLayout[];
}

export interface ParameterLayout {
  readonly field: FieldLayout;
  /** How long a string is, with its terminator. Bytes in Intel's SDK, characters in Open Enclave. */
  readonly length?: FieldLayout;
}

const WORD: TypeSize = { bytes: 8, alignment: 8 };
const INT: TypeSize = { bytes: 4, alignment: 4 };

interface Part {
  readonly name: string;
  readonly size: TypeSize;
  readonly role: 'head' | 'returned' | 'errno' | 'parameter' | 'length';
}

/**
 * @returns undefined for a function of Intel's SDK without values, whose calls pass NULL
 * @throws EDL_LAYOUT_UNKNOWN, EDL_LAYOUT_TOO_LARGE
 */
export function callLayout(sizes: TypeSizes, call: FunctionModel | OcallModel, abi: Abi): CallLayout | undefined {
  const parts = abi === 'intel' ? intelParts(sizes, call) : openEnclaveParts(sizes, call);
  if (parts.length === 0) return undefined;
  const struct = layOut(abi === 'intel' ? `ms_${call.name}_t` : `${call.name}_args_t`, parts);
  const parameters: { field: FieldLayout; length?: FieldLayout }[] = [];
  let roles: { returned?: FieldLayout; errno?: FieldLayout } = {};
  for (const [i, field] of struct.fields.entries()) {
    const role = parts[i]?.role;
    const last = parameters.at(-1);
    if (role === 'parameter') parameters.push({ field });
    else if (role === 'length' && last !== undefined) last.length = field;
    else if (role === 'returned' || role === 'errno') roles = { ...roles, [role]: field };
  }
  return { ...struct, ...roles, parameters };
}

/** Result, errno, parameters; the lengths of strings only on the way in, where the enclave must not measure (CodeGen.ml, `mk_ms_member_decl`). */
function intelParts(sizes: TypeSizes, call: FunctionModel | OcallModel): Part[] {
  const isOcall = 'propagatesErrno' in call;
  return [
    ...returnedPart(sizes, call.returns, 'ms_retval'),
    ...errnoPart(call),
    ...call.parameters.flatMap((parameter) => parameterParts(sizes, parameter, `ms_${parameter.name}`, !isOcall)),
  ];
}

/** Head, result, parameters, errno (oeedger8r's c_emitter.h, `marshalling_struct`). */
function openEnclaveParts(sizes: TypeSizes, call: FunctionModel | OcallModel): Part[] {
  return [
    { name: 'oe_result', size: INT, role: 'head' },
    { name: 'deepcopy_out_buffer', size: WORD, role: 'head' },
    { name: 'deepcopy_out_buffer_size', size: WORD, role: 'head' },
    ...returnedPart(sizes, call.returns, 'oe_retval'),
    ...call.parameters.flatMap((parameter) => parameterParts(sizes, parameter, parameter.name, true)),
    ...errnoPart(call),
  ];
}

function returnedPart(sizes: TypeSizes, type: CType, name: string): Part[] {
  return isVoid(type) ? [] : [{ name, size: sizes.sizeOf(type), role: 'returned' }];
}

function errnoPart(call: FunctionModel | OcallModel): Part[] {
  return 'propagatesErrno' in call && call.propagatesErrno ? [{ name: 'ocall_errno', size: INT, role: 'errno' }] : [];
}

function parameterParts(sizes: TypeSizes, parameter: ParameterModel, name: string, hasLength: boolean): Part[] {
  const { passing } = parameter;
  // Whatever is not passed by value stands there as an address, arrays and foreign arrays too.
  const size = passing.kind === 'value' ? sizes.sizeOf(parameter.type) : WORD;
  const part: Part = { name, size, role: 'parameter' };
  if (passing.kind !== 'string' || !hasLength) return [part];
  return [part, { name: `${name}_len`, size: WORD, role: 'length' }];
}

export function isVoid(type: CType): boolean {
  return type.kind === 'basic' && type.name === 'void';
}
