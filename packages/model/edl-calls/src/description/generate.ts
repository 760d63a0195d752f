import { uncheckedNames } from '../calls/shape.ts';
import { isVoid } from '../layout/calls.ts';
import type {
  CompositeModel,
  EcallModel,
  EdlModel,
  EnumModel,
  Extent,
  FunctionModel,
  OcallModel,
  ParameterModel,
} from '@enclos/edl-compiler';
import { declarationText, measureText, memberText, signatureText } from './c-text.ts';
import { code, table } from './markdown.ts';

/**
 * Describes an interface in Markdown: each function with its parameters, in which direction memory is copied and how much of it,
 * which calls are allowed when, and the addresses that are not checked. The same model gives the same text.
 *
 * @example
 * import { generateDocumentation } from '@enclos/edl-calls';
 * import { compileEdl } from '@enclos/edl-compiler';
 *
 * const text = 'enclave { trusted { public int add(int a, int b); }; };';
 * const { model } = compileEdl({ file: 'adder.edl', read: (path) => (path === 'adder.edl' ? text : undefined) });
 * const page = model === undefined ? '' : generateDocumentation(model);
 */
export function generateDocumentation(model: EdlModel): string {
  const allowing = allowingOf(model);
  const blocks = [
    `# Interface ${code(model.name)}`,
    overview(model),
    ...riskSection(model),
    ...functionsSection('ECALLs', model.ecalls, (ecall, index) => ecallBlocks(ecall, index, allowing.get(index) ?? [])),
    ...functionsSection('OCALLs', model.ocalls, (ocall, index) => ocallBlocks(model, ocall, index)),
    ...typesSection(model),
    ...foreignSection(model),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const dialectWords = {
  oe: "It keeps the rules of Open Enclave's compiler.",
  intel: "It keeps the rules of Intel's compiler.",
  both: "It keeps the rules of both compilers, Open Enclave's and Intel's.",
} as const;

function overview(model: EdlModel): string {
  const publicCount = model.ecalls.filter(({ isPublic }) => isPublic).length;
  const privateCount = model.ecalls.length - publicCount;
  const others = privateCount === 0 ? '' : `, and ${counted(privateCount, 'ECALL')} only during OCALLs that allow it`;
  return `The host may make ${counted(publicCount, 'ECALL')} at any time${others}. The enclave may make ${counted(model.ocalls.length, 'OCALL')}. ${dialectWords[model.dialect]}`;
}

/** `1 ECALL`, `3 ECALLs`. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function riskSection({ ecalls, ocalls, composites }: EdlModel): readonly string[] {
  const ofFunctions = (functions: readonly FunctionModel[]): readonly string[] => functions.flatMap(uncheckedNames);
  const members = composites.flatMap(({ name, members: all }) =>
    all
      .filter(({ type, extent }) => type.kind === 'pointer' && extent === undefined)
      .map((member) => `${name}.${member.name}`),
  );
  const lines = [
    ...ofFunctions(ecalls).map(
      (name) =>
        `- ${code(name)}: the enclave gets an address from the host as it is. The code of the enclave has to check that it lies outside, and has to copy what is there before it looks at it.`,
    ),
    ...ofFunctions(ocalls).map(
      (name) =>
        `- ${code(name)}: the host gets an address from the enclave as it is. If it lies inside, the host cannot read it, and learns where things lie inside.`,
    ),
    ...members.map(
      (name) => `- ${code(name)}: a pointer in a structure that is copied as it is, and not what it points to.`,
    ),
  ];
  if (lines.length === 0) return [];
  return [
    '## Addresses that nothing checks',
    'The generated code passes these addresses on, and neither checks nor copies what they point to.',
    lines.join('\n'),
  ];
}

function functionsSection<F>(
  title: string,
  functions: readonly F[],
  blocksOf: (called: F, index: number) => readonly string[],
): readonly string[] {
  return functions.length === 0 ? [] : [`## ${title}`, ...functions.flatMap(blocksOf)];
}

/** The names of the OCALLs that allow an ECALL, by its index. */
function allowingOf({ ocalls }: EdlModel): ReadonlyMap<number, readonly string[]> {
  const allowing = new Map<number, string[]>();
  for (const { name, allows } of ocalls) {
    for (const index of allows) {
      const names = allowing.get(index) ?? [];
      names.push(name);
      allowing.set(index, names);
    }
  }
  return allowing;
}

function ecallBlocks(ecall: EcallModel, index: number, allowing: readonly string[]): readonly string[] {
  const during = allowing.length === 0 ? 'no OCALL allows it' : `during ${allowing.map(code).join(', ')}`;
  const when = ecall.isPublic
    ? `The host may call it at any time${allowing.length === 0 ? '' : `, and ${during}`}.`
    : `The host may call it only while an OCALL is under way: ${during}.`;
  return [...functionHead(ecall, index), `${when}${switchless(ecall)}`, ...parameterBlocks(ecall, 'enclave')];
}

function ocallBlocks(model: EdlModel, ocall: OcallModel, index: number): readonly string[] {
  const allowed = ocall.allows.map((ecall) => code(model.ecalls[ecall]?.name ?? String(ecall)));
  const calls = allowed.length === 0 ? '' : ` While it is under way the host may call ${allowed.join(', ')}.`;
  const errno = ocall.propagatesErrno ? ' The `errno` of the host is copied to the enclave.' : '';
  return [
    ...functionHead(ocall, index),
    `The enclave calls it.${calls}${errno}${switchless(ocall)}`,
    ...parameterBlocks(ocall, 'host'),
  ];
}

function functionHead(called: FunctionModel, index: number): readonly string[] {
  return [`### ${index}. ${code(called.name)}`, `\`\`\`c\n${signatureText(called)}\n\`\`\``];
}

function switchless({ isSwitchless }: FunctionModel): string {
  return isSwitchless ? ' It may be made without leaving the enclave (`transition_using_threads`).' : '';
}

function parameterBlocks(called: FunctionModel, callee: 'enclave' | 'host'): readonly string[] {
  const returned = isVoid(called.returns) ? [] : [['', code(declarationText(called.returns, '')), 'returned', '']];
  const rows = called.parameters.map((parameter) => [
    code(parameter.name),
    code(declarationText(parameter.type, '')),
    passingWords(parameter, callee),
    sizeWords(parameter),
  ]);
  if (rows.length + returned.length === 0) return [];
  return [table(['parameter', 'type', 'how it is passed', 'how much'], [...rows, ...returned])];
}

function passingWords({ passing }: ParameterModel, callee: 'enclave' | 'host'): string {
  const to = `to the ${callee}`;
  switch (passing.kind) {
    case 'value':
      return 'by value';
    case 'unchecked':
      return '**an address that nothing checks**';
    case 'string':
      return `text, ${directionWords(passing.direction, to)}`;
    case 'buffer':
      return `memory, ${directionWords(passing.direction, to)}${passing.isReadOnly ? ', read only' : ''}`;
  }
}

function directionWords(direction: 'in' | 'out' | 'inout', to: string): string {
  switch (direction) {
    case 'in':
      return `copied ${to}`;
    case 'out':
      return 'zeros at first, copied back';
    case 'inout':
      return `copied ${to}, and back`;
  }
}

function sizeWords({ passing }: ParameterModel): string {
  switch (passing.kind) {
    case 'string':
      return 'up to its terminator';
    case 'buffer':
      return extentWords(passing.extent);
    default:
      return '';
  }
}

function extentWords({ size, count, elements }: Extent): string {
  if (size !== undefined && count !== undefined) {
    return `${code(measureText(size))} × ${code(measureText(count))} bytes`;
  }
  if (size !== undefined) return `${code(measureText(size))} bytes`;
  if (count !== undefined) return `${code(measureText(count))} elements`;
  return elements.length === 0 ? '1 element' : `${elements.map((length) => code(String(length))).join(' × ')} elements`;
}

function typesSection({ enums, composites }: EdlModel): readonly string[] {
  if (enums.length + composites.length === 0) return [];
  return ['## Types', ...enums.flatMap(enumBlocks), ...composites.flatMap(compositeBlocks)];
}

function enumBlocks({ name, members }: EnumModel): readonly string[] {
  const rows = members.map((member) => [
    code(member.name),
    member.value === undefined ? 'a C header defines it' : String(member.value),
  ]);
  return [
    `### ${name === '' ? 'An enumeration without a name' : code(`enum ${name}`)}`,
    table(['constant', 'value'], rows),
  ];
}

function compositeBlocks({ kind, name, members, isDeep }: CompositeModel): readonly string[] {
  const deep = isDeep ? [`A pointer to it is followed with its members: what they point to is copied, too.`] : [];
  return [
    `### ${code(`${kind} ${name}`)}`,
    ...deep,
    `\`\`\`c\n${members.map((member) => `${memberText(member)};`).join('\n')}\n\`\`\``,
  ];
}

function foreignSection({ foreign, includes }: EdlModel): readonly string[] {
  if (foreign.length === 0) return [];
  const headers = includes.length === 0 ? '' : ` The file includes ${includes.map(code).join(', ')}.`;
  return ['## From C headers', `${foreign.map(code).join(', ')}.${headers}`];
}
