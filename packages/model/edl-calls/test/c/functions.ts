// Functions of C that print what they are passed, and answer from a script: the inside of an enclave, for any interface.
import type { CType, EdlModel, Extent, FunctionModel, MemberModel, ParameterModel } from '@enclos/edl-compiler';
import { CTypes, isBytes } from '../reference/c-memory.ts';
import { declare, declareParameter, isVoid } from './declarations.ts';

/** Reads the script, prints. Strings and pointers begin with a byte that says whether they are there. */
export const scriptSource = `#include <stdlib.h>
#include <string.h>
static const unsigned char* script;
static FILE* printed;
static void load(void* to, size_t bytes) { memcpy(to, script, bytes); script += bytes; }
static void print(const void* from, size_t bytes) { fwrite(from, 1, bytes, printed); }
static int is_there(const void* pointer) { unsigned char there = pointer != 0; print(&there, 1); return there; }
static int comes(void) { unsigned char there; load(&there, 1); return there; }
`;

export class CFunctions {
  readonly #types: CTypes;
  /** How deep pointers are followed. */
  readonly #depth: number;

  constructor(model: EdlModel, depth: number) {
    this.#types = new CTypes(model);
    this.#depth = depth;
  }

  /** The function that a bridge calls. */
  define(call: FunctionModel): string {
    const { name, returns, parameters } = call;
    const list = parameters.map((parameter) => declareParameter(parameter, parameter.name)).join(', ');
    const prints = parameters.map((parameter) => this.#print(parameter)).join('');
    const loads = parameters.map((parameter) => this.#load(parameter)).join('');
    const returned = isVoid(returns)
      ? ''
      : `  ${declare(returns, 'returned')};\n  memset(&returned, 0, sizeof returned);\n${this.#loadValue(returns, 'returned', 0)}  return returned;\n`;
    return `${declare(returns, `${name}(${list === '' ? 'void' : list})`)} {\n${prints}${loads}${returned}}\n`;
  }

  #print({ name, type, passing }: ParameterModel): string {
    switch (passing.kind) {
      case 'value':
        return this.#printValue(type, name, 0);
      case 'string': {
        const unit = passing.isWide ? 4 : 1;
        const length = passing.isWide ? `wcslen((wchar_t*)${name})` : `strlen(${name})`;
        return `  if (is_there(${name})) print(${name}, (${length} + 1) * ${unit});\n`;
      }
      case 'buffer': {
        const body =
          passing.direction === 'out'
            ? ''
            : this.#each(passing.element, passing.extent, {
                name,
                scope: '',
                depth: this.#depthOf(type),
                way: 'print',
                level: 0,
              });
        return `  if (is_there(${name})) {\n${body}  }\n`;
      }
      case 'unchecked':
        return '';
    }
  }

  #load({ name, type, passing }: ParameterModel): string {
    if (!('direction' in passing) || passing.direction === 'in') return '';
    if (passing.kind === 'string') {
      const unit = passing.isWide ? 4 : 1;
      const length = passing.isWide ? 'wcslen((const wchar_t*)wide)' : 'strlen((const char*)script)';
      // The script is not aligned: characters of four bytes are copied first.
      const copy = passing.isWide ? `    wchar_t wide[64]; memcpy(wide, script, sizeof wide);\n` : '';
      return `  if (${name}) {\n${copy}    load(${name}, (${length} + 1) * ${unit});\n  }\n`;
    }
    const way = passing.direction === 'out' ? 'make' : 'load';
    return `  if (${name}) {\n${this.#each(passing.element, passing.extent, { name, scope: '', depth: this.#depthOf(type), way, level: 0 })}  }\n`;
  }

  #depthOf(type: CType): number {
    return type.kind === 'pointer' ? this.#depth : -1;
  }

  /** Every element of a buffer. */
  #each(element: CType, extent: Extent, of: BufferCode): string {
    const { name, scope, level, depth, way } = of;
    const index = `i${level}`;
    const item = `${isVoidElement(element) ? `((char*)${name})` : name}[${index}]`;
    const type: CType = isVoidElement(element) ? { kind: 'basic', name: 'char' } : element;
    const isDeep = depth >= 0 && this.#types.isDeep(type);
    const value =
      way === 'print'
        ? this.#printValue(type, item, level + 1, isDeep)
        : this.#loadValue(type, item, level + 1, isDeep);
    const deep = isDeep ? this.#followed(type, { ...of, name: item, level: level + 1 }) : '';
    const count = countCode(extent, type, scope);
    return `    for (size_t ${index} = 0; ${index} < ${count}; ${index}++) {\n${value}${deep}    }\n`;
  }

  #followed(type: CType & { name: string }, { name, depth, way, level }: BufferCode): string {
    return this.#types
      .composite(type.name)
      .members.flatMap((member: MemberModel) => {
        if (member.extent === undefined || member.type.kind !== 'pointer') return [];
        const place = `${name}.${member.name}`;
        const code = { name: place, scope: `${name}.`, depth: depth - 1, level: level + 1 };
        const body = (of: BufferCode['way']) =>
          this.#each(elementOf(member.type), member.extent ?? { elements: [] }, { ...code, way: of });
        if (way === 'print') return [`    if (is_there(${place})) {\n${body('print')}    }\n`];
        if (way === 'load') return [`    if (${place}) {\n${body('load')}    }\n`];
        const bytes = `(${countCode(member.extent, elementOf(member.type), `${name}.`)}) * sizeof(*${place})`;
        return [`    ${place} = comes() ? malloc(${bytes} + 1) : 0;\n    if (${place}) {\n${body('make')}    }\n`];
      })
      .join('');
  }

  #printValue(type: CType, place: string, level: number, isDeep = false): string {
    return this.#value(type, { place, level, isDeep, call: 'print' });
  }

  #loadValue(type: CType, place: string, level: number, isDeep = false): string {
    return this.#value(type, { place, level, isDeep, call: 'load' });
  }

  /** Members one by one, since padding has no value. Pointers that are not followed are NULL, and are skipped. */
  #value(type: CType, of: { place: string; level: number; isDeep: boolean; call: string }): string {
    const { place, level, isDeep, call } = of;
    if (type.kind === 'pointer') return '';
    if (type.kind === 'array') {
      const index = `a${level}`;
      const body = this.#value(type.of, { place: `${place}[${index}]`, level: level + 1, isDeep: false, call });
      return `    for (size_t ${index} = 0; ${index} < ${type.length}; ${index}++) {\n${body}    }\n`;
    }
    if (type.kind === 'struct') {
      return this.#types
        .composite(type.name)
        .members.map((member) =>
          isDeep && member.extent !== undefined
            ? ''
            : this.#value(member.type, { place: `${place}.${member.name}`, level: level + 1, isDeep: false, call }),
        )
        .join('');
    }
    // The padding of a long double is lost in registers.
    const isLong = type.kind === 'basic' && type.name === 'long double' && call === 'print';
    if (isLong) return `    print(&(${place}), 10);\n    print("\\0\\0\\0\\0\\0", 6);\n`;
    return `    ${call}(&(${place}), sizeof(${place}));\n`;
  }
}

interface BufferCode {
  /** The pointer. */
  readonly name: string;
  /** What stands before the names of measures. */
  readonly scope: string;
  readonly depth: number;
  readonly level: number;
  /** `make` gives pointers of structures new memory. */
  readonly way: 'print' | 'load' | 'make';
}

const isVoidElement = (type: CType): boolean => isBytes(type) && type.kind === 'basic' && type.name === 'void';

const elementOf = (type: CType): CType => (type.kind === 'pointer' ? type.to : type);

/** How many elements an extent says. */
export function countCode({ size, count, elements }: Extent, element: CType, scope: string): string {
  const measure = (of: { readonly value: number } | { readonly name: string }) =>
    'value' in of ? String(of.value) : `(size_t)${scope}${of.name}`;
  const product = elements.reduce<number>((all, length) => all * Number(length), 1);
  const number = count === undefined ? String(product) : measure(count);
  return size === undefined ? number : `${measure(size)} * ${number} / sizeof(${declare(element, '')})`;
}
