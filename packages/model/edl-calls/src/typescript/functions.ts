import { signatureText } from '../description/c-text.ts';
import { isInput, isOutput, measuresOf, resultNames, uncheckedNames } from '../calls/shape.ts';
import { isVoid } from '../layout/calls.ts';
import type { EcallModel, EdlModel, FunctionModel, OcallModel, ParameterModel } from '@enclos/edl-compiler';
import { docComment } from './lines.ts';
import { refuseName, requireName } from './names.ts';
import { orNull, passedType, valueType, type TypeNames } from './types.ts';

/** What the functions of a module are written from. */
export interface FunctionsContext {
  readonly names: TypeNames;
  /** The names of the interfaces of ECALLs. */
  readonly ecalls: string;
  readonly privateEcalls: string;
}

/** One interface of ECALLs: the public ones, or the others. */
export function ecallsInterface(model: EdlModel, isPublic: boolean, context: FunctionsContext): string {
  const members = model.ecalls.flatMap((ecall, index) =>
    ecall.isPublic === isPublic ? [member(ecall, ecallLines(ecall, index), context, ecallType)] : [],
  );
  const lines = isPublic
    ? ['The ECALLs that the host may make at any time.']
    : ['The ECALLs that are not public: they are made while an OCALL that allows them is under way.'];
  return interfaceText(isPublic ? context.ecalls : context.privateEcalls, lines, members);
}

/** The interface of the handlers of OCALLs. */
export function ocallsInterface(name: string, model: EdlModel, context: FunctionsContext): string {
  const members = model.ocalls.map((ocall, index) =>
    member(ocall, ocallLines(ocall, index, model), context, (called, within) => ocallType(called, model, within)),
  );
  return interfaceText(name, ['What the enclave asks of the host: a handler for each OCALL.'], members);
}

function interfaceText(name: string, lines: readonly string[], members: readonly string[]): string {
  const body = members.length === 0 ? ' {}' : ` {\n${members.join('\n')}\n}`;
  return `${docComment(lines)}\nexport interface ${name}${body}`;
}

function member<F extends FunctionModel>(
  called: F,
  lines: readonly string[],
  context: FunctionsContext,
  typeOf: (called: F, context: FunctionsContext) => string,
): string {
  const name = requireName(called.name, 'a function');
  // An object with a method `then` is taken for a promise by every `await`.
  if (name === 'then') refuseName(name, 'a function');
  const unchecked = uncheckedNames(called).map((path) =>
    context.names.isAllowed(path)
      ? `Nothing checks the address \`${path}\`.`
      : `Nothing checks the address \`${path}\`, so only null is accepted until \`--allow-user-check\` names it.`,
  );
  return `${docComment([...lines, ...unchecked], '  ')}\n  readonly ${name}: ${typeOf(called, context)};`;
}

function ecallLines(ecall: EcallModel, index: number): readonly string[] {
  return [`\`${signatureText(ecall)}\``, '', `ECALL ${index}.`, ...derivedLines(ecall)];
}

function ocallLines(ocall: OcallModel, index: number, model: EdlModel): readonly string[] {
  const allowed = ocall.allows.map((allowedIndex) => model.ecalls[allowedIndex]?.name ?? String(allowedIndex));
  const allows = allowed.length === 0 ? [] : [`During it the host may call ${allowed.join(', ')}.`];
  const errno = ocall.propagatesErrno
    ? ['The enclave finds `errno` of the result, 0 when it is absent, in its own.']
    : [];
  return [`\`${signatureText(ocall)}\``, '', `OCALL ${index}.`, ...errno, ...allows];
}

function derivedLines(ecall: EcallModel): readonly string[] {
  const derived = [...derivedNames(ecall)];
  return derived.length === 0
    ? []
    : [`Left out, ${derived.join(' and ')} follow${derived.length === 1 ? 's' : ''} from the buffers.`];
}

function ecallType(ecall: EcallModel, context: FunctionsContext): string {
  const derived = derivedNames(ecall);
  const inputs = ecall.parameters.filter(({ passing }) => isInput(passing));
  const properties = inputs.map((parameter) => {
    const mark = derived.has(parameter.name) ? '?' : '';
    return `    readonly ${requireName(parameter.name, 'a parameter')}${mark}: ${givenType(parameter, ecall.name, context.names)};`;
  });
  const isOptional = inputs.every(({ name }) => derived.has(name));
  const values = inputs.length === 0 ? '' : `values${isOptional ? '?' : ''}: {\n${properties.join('\n')}\n  }`;
  const result = resultType(ecall, (parameter) => takenOutput(parameter, ecall.name, context.names), context);
  return `(${values}) => Promise<${result}>`;
}

function ocallType(ocall: OcallModel, model: EdlModel, context: FunctionsContext): string {
  const inputs = ocall.parameters.filter(({ passing }) => isInput(passing));
  const properties = inputs.map(
    (parameter) =>
      `    readonly ${requireName(parameter.name, 'a parameter')}: ${receivedType(parameter, ocall.name, context.names)};`,
  );
  const values = inputs.length === 0 ? 'values: object' : `values: {\n${properties.join('\n')}\n  }`;
  const during = duringType(ocall, model, context);
  const result = resultType(ocall, (parameter) => givenOutput(parameter, ocall.name, context.names), context);
  // Without a result anything may be returned, and a promise is awaited.
  const returned = result === 'void' ? 'unknown' : `Awaitable<${result}>`;
  return `(${values}${during === undefined ? '' : `, during: ${during}`}) => ${returned}`;
}

/** The ECALLs that may be made during an OCALL, as the second parameter of its handler. */
function duringType(ocall: OcallModel, model: EdlModel, context: FunctionsContext): string | undefined {
  const allowed = ocall.allows.map((index) => model.ecalls[index]).filter((ecall) => ecall !== undefined);
  if (allowed.length === 0) return undefined;
  const picked = [true, false].flatMap((isPublic) => {
    const names = allowed
      .filter((ecall) => ecall.isPublic === isPublic)
      .map(({ name }) => `'${requireName(name, 'a function')}'`);
    return names.length === 0
      ? []
      : [`Pick<${isPublic ? context.ecalls : context.privateEcalls}, ${names.join(' | ')}>`];
  });
  return `{ readonly ecalls: ${picked.join(' & ')} }`;
}

function resultType(
  called: FunctionModel & Partial<OcallModel>,
  outputType: (parameter: ParameterModel) => string,
  { names }: FunctionsContext,
): string {
  const { returned, errno, isPlain } = resultNames(called);
  const isGiven = called.propagatesErrno !== undefined;
  const mark = isGiven ? '?' : '';
  const value = isVoid(called.returns)
    ? 'void'
    : widened(valueType(called.returns, `${called.name}.return`, names), isGiven);
  if (isPlain) return value;
  const properties = [
    ...(returned === undefined ? [] : [`    readonly ${returned}: ${value};`]),
    ...called.parameters
      .filter(({ passing }) => isOutput(passing))
      .map(
        (parameter) => `    readonly ${requireName(parameter.name, 'a parameter')}${mark}: ${outputType(parameter)};`,
      ),
    ...(errno === undefined ? [] : [`    readonly ${errno}?: number;`]),
  ];
  return `{\n${properties.join('\n')}\n  }`;
}

/** What the host gives: a number is accepted for a `bigint`. Memory for what is only `out` is given by its size. */
function givenType(parameter: ParameterModel, called: string, names: TypeNames): string {
  const type = passedType(parameter, called, names);
  return parameter.passing.kind === 'value' ? widened(type, true) : orNull(type);
}

/** What the host gets: any pointer may be NULL. */
function receivedType(parameter: ParameterModel, called: string, names: TypeNames): string {
  const type = passedType(parameter, called, names);
  return parameter.passing.kind === 'value' ? type : orNull(type);
}

/** What an ECALL leaves in memory. Memory for what is only `out` is always there, so it comes back. */
function takenOutput(parameter: ParameterModel, called: string, names: TypeNames): string {
  const { passing } = parameter;
  const type = passedType(parameter, called, names);
  return 'direction' in passing && passing.direction === 'out' ? type : orNull(type);
}

function givenOutput(parameter: ParameterModel, called: string, names: TypeNames): string {
  return orNull(widened(passedType(parameter, called, names), true));
}

function widened(type: string, isGiven: boolean): string {
  return isGiven && type === 'bigint' ? 'number | bigint' : type;
}

/** Parameters that say nothing but the size or count of buffers that go in. */
function derivedNames({ parameters }: FunctionModel): ReadonlySet<string> {
  const named = (isDerivable: boolean): readonly string[] =>
    parameters.flatMap(({ passing }) =>
      passing.kind === 'buffer' && isInput(passing) === isDerivable ? measuresOf(passing.extent) : [],
    );
  const needed = new Set(named(false));
  return new Set(named(true).filter((name) => !needed.has(name)));
}
