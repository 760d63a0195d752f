// Bridges of ECALLs in C: from the structure of a call to a function's parameters.
import type { CType, EcallModel, EdlModel, Extent } from '@enclos/edl-compiler';
import { CTypes } from '../reference/c-memory.ts';
import { declare, isVoid } from './declarations.ts';
import { countCode } from './functions.ts';

/** As the generated code of Intel's SDK passes them, but in the memory of the image. */
export function intelBridge({ name, returns, parameters }: EcallModel): string {
  const list = parameters.map((parameter) => `ms->ms_${parameter.name}`).join(', ');
  const isNaked = isVoid(returns) && parameters.length === 0;
  const start = isNaked ? '' : `  ms_${name}_t* ms = (ms_${name}_t*)at;\n`;
  return `static void bridge_${name}(char* at) {\n${start}  ${isVoid(returns) ? '' : 'ms->ms_retval = '}${name}(${list});\n}\n`;
}

export const oeBridgeSource = `
static char* piece;
static char* piece_end;
static void* next_piece(size_t bytes) {
  char* at = piece;
  piece += (bytes + 15) / 16 * 16;
  if (piece > piece_end) abort();
  return at;
}
static void* copied_piece(const void* from, size_t bytes) { void* at = next_piece(bytes); memcpy(at, from, bytes); return at; }
static char deep[1 << 20];
static size_t deep_bytes;
static void deep_piece(const void* from, size_t bytes) {
  if (deep_bytes + bytes + 16 > sizeof deep) abort();
  memcpy(deep + deep_bytes, from, bytes);
  deep_bytes += (bytes + 15) / 16 * 16;
}
`;

/** As the generated code of Open Enclave finds them: piece after piece, whatever the addresses are. */
export class OeBridges {
  readonly #types: CTypes;

  constructor(model: EdlModel) {
    this.#types = new CTypes(model);
  }

  define({ name, returns, parameters }: EcallModel): string {
    const sized = parameters.flatMap((parameter) => {
      const { passing, type } = parameter;
      if (passing.kind === 'string') {
        const bytes = `in->${parameter.name}_len * ${passing.isWide ? 4 : 1}`;
        return [{ name: parameter.name, direction: passing.direction, bytes, element: undefined }];
      }
      if (passing.kind !== 'buffer') return [];
      const { element, extent, direction } = passing;
      const isDeep = type.kind === 'pointer' && this.#types.isDeep(element);
      return [
        {
          name: parameter.name,
          direction,
          bytes: bytesCode(extent, element, 'in->'),
          element: isDeep ? element : undefined,
        },
      ];
    });
    const inputs = sized.filter(({ direction }) => direction !== 'out');
    const outputs = sized.filter(({ direction }) => direction !== 'in');
    const set = (of: (typeof sized)[number], way: 'next' | 'copied'): string => {
      const place = `in->${of.name}`;
      const value = way === 'next' ? `next_piece(${of.bytes})` : `copied_piece(${place}, ${of.bytes})`;
      const deep =
        of.element === undefined || of.direction === 'out'
          ? ''
          : this.#followed(of.element, { name: place, bytes: of.bytes, level: 0, way });
      return `  if (${place}) {\n    ${place} = ${value};\n${deep}  }\n`;
    };
    const deepOutputs = outputs.flatMap((of) =>
      of.element === undefined || of.direction !== 'out'
        ? []
        : [
            `  if (in->${of.name}) {\n${this.#followed(of.element, { name: `in->${of.name}`, bytes: of.bytes, level: 0, way: 'deep' })}  }\n`,
          ],
    );
    const list = parameters.map((parameter) => `in->${parameter.name}`).join(', ');
    return `static void bridge_${name}(char* at) {
  uint64_t* record = (uint64_t*)at;
  ${name}_args_t* in = malloc(record[2]);
  ${name}_args_t* out = calloc(1, record[4]);
  memcpy(in, (void*)record[1], record[2]);
  piece = (char*)in + (sizeof *in + 15) / 16 * 16;
  piece_end = (char*)in + record[2];
${inputs.map((of) => set(of, 'next')).join('')}  if (piece != piece_end) abort();
  piece = (char*)out + (sizeof *out + 15) / 16 * 16;
  piece_end = (char*)out + record[4];
${outputs.map((of) => set(of, of.direction === 'out' ? 'next' : 'copied')).join('')}  if (piece != piece_end) abort();
  ${isVoid(returns) ? '' : 'out->oe_retval = '}${name}(${list});
  deep_bytes = 0;
${deepOutputs.join('')}  if (deep_bytes) out->deepcopy_out_buffer = memcpy(spare, deep, deep_bytes);
  out->deepcopy_out_buffer_size = deep_bytes;
  memcpy((void*)record[3], out, record[4]);
  record[5] = record[4];
  record[6] = 0;
}
`;
  }

  /** What the pointers of structures lead to. */
  #followed(
    element: CType & { name: string },
    of: { name: string; bytes: string; level: number; way: 'next' | 'copied' | 'deep' },
  ): string {
    const { name, bytes, level, way } = of;
    const index = `i${level}`;
    const item = `${name}[${index}]`;
    const members = this.#types.composite(element.name).members.flatMap((member) => {
      if (member.extent === undefined || member.type.kind !== 'pointer') return [];
      const place = `${item}.${member.name}`;
      const size = bytesCode(member.extent, member.type.to, `${item}.`);
      const deeper = this.#types.isDeep(member.type.to)
        ? this.#followed(member.type.to, { name: place, bytes: size, level: level + 1, way })
        : '';
      const set = {
        next: `${place} = next_piece(${size})`,
        copied: `${place} = copied_piece(${place}, ${size})`,
        deep: `deep_piece(${place}, ${size})`,
      }[way];
      return [`      if (${place}) {\n      ${set};\n${deeper}      }\n`];
    });
    return `    for (size_t ${index} = 0; ${index} < (${bytes}) / sizeof(${item}); ${index}++) {\n${members.join('')}    }\n`;
  }
}

function bytesCode(extent: Extent, element: CType, scope: string): string {
  return `(${countCode(extent, element, scope)}) * sizeof(${declare(element, '')})`;
}
