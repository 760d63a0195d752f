// A model as declarations of C, as the SDKs' compilers write them: what our layouts are compared with.
import type {
  CompositeModel,
  CType,
  EdlModel,
  EnumModel,
  FunctionModel,
  OcallModel,
  ParameterModel,
} from '@enclos/edl-compiler';

export const headers = `#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>
`;

/** A declaration of `name`: arrays stand after it. */
export function declare(type: CType, name: string): string {
  switch (type.kind) {
    case 'array':
      return declare(type.of, `${name}[${type.length}]`);
    case 'pointer':
      return declare(type.to, type.to.kind === 'array' ? `(*${name})` : `*${name}`);
    case 'basic':
    case 'foreign':
      return `${type.name} ${name}`;
    default:
      return `${type.kind} ${type.name} ${name}`;
  }
}

function declareEnum({ name, members }: EnumModel): string {
  return `enum ${name} { ${members.map((item) => `${item.name} = ${item.value}`).join(', ')} };\n`;
}

function declareComposite({ kind, name, members }: CompositeModel): string {
  return `${kind} ${name} {\n${members.map((item) => `  ${declare(item.type, item.name)};\n`).join('')}};\n`;
}

/** Arrays are passed as pointers to their first elements. */
export function declareParameter({ type, passing }: ParameterModel, name: string): string {
  return declare(
    passing.kind !== 'value' && type.kind === 'array' ? { kind: 'pointer', to: type.of, isConst: false } : type,
    name,
  );
}

export const isVoid = (type: CType): boolean => type.kind === 'basic' && type.name === 'void';

/** `ms_NAME_t` as sgx_edger8r writes it. */
function intelStruct(call: FunctionModel | OcallModel): string {
  const isOcall = 'allows' in call;
  const lines = [
    ...(isVoid(call.returns) ? [] : [declare(call.returns, 'ms_retval')]),
    ...(isOcall && call.propagatesErrno ? ['int ocall_errno'] : []),
    ...call.parameters.flatMap((parameter) => [
      declareParameter(parameter, `ms_${parameter.name}`),
      ...(parameter.passing.kind === 'string' && !isOcall ? [`size_t ms_${parameter.name}_len`] : []),
    ]),
  ];
  return lines.length === 0
    ? ''
    : `typedef struct { ${lines.map((line) => `${line}; `).join('')}} ms_${call.name}_t;\n`;
}

/** `NAME_args_t` as oeedger8r writes it. */
function openEnclaveStruct(call: FunctionModel | OcallModel): string {
  const lines = [
    'oe_result_t oe_result',
    'uint8_t* deepcopy_out_buffer',
    'size_t deepcopy_out_buffer_size',
    ...(isVoid(call.returns) ? [] : [declare(call.returns, 'oe_retval')]),
    ...call.parameters.flatMap((parameter) => [
      declareParameter(parameter, parameter.name),
      ...(parameter.passing.kind === 'string' ? [`size_t ${parameter.name}_len`] : []),
    ]),
    ...('allows' in call && call.propagatesErrno ? ['int ocall_errno'] : []),
  ];
  return `typedef struct { ${lines.map((line) => `${line}; `).join('')}} ${call.name}_args_t;\n`;
}

export function declarationsOf({ enums, composites, ecalls, ocalls }: EdlModel): string {
  return [
    'typedef enum { OE_OK, OE_RESULT_MAX = 0xffffffff } oe_result_t;\n',
    ...enums.map(declareEnum),
    ...composites.map(declareComposite),
    ...[...ecalls, ...ocalls].flatMap((call) => [intelStruct(call), openEnclaveStruct(call)]),
  ].join('');
}
