import { isVoid } from '../layout/calls.ts';
import type { Extent, FunctionModel, OcallModel, ParameterModel } from '@enclos/edl-compiler';

/** What a call gives back in TypeScript: the names of an object's properties, or nothing but what the function returns. */
export interface ResultNames {
  /** Absent of a function of type `void`. */
  readonly returned?: string;
  /** `out` and `in, out` parameters. */
  readonly outputs: readonly string[];
  /** Present of an OCALL that propagates it. */
  readonly errno?: string;
  /** True when the result is what the function returns and not an object. */
  readonly isPlain: boolean;
}

export function resultNames(called: FunctionModel & Partial<Pick<OcallModel, 'propagatesErrno'>>): ResultNames {
  const outputs = called.parameters.filter(({ passing }) => isOutput(passing)).map(({ name }) => name);
  const returned = isVoid(called.returns) ? undefined : freeName('result', outputs);
  const errno = called.propagatesErrno === true ? freeName('errno', outputs) : undefined;
  return {
    ...(returned === undefined ? {} : { returned }),
    outputs,
    ...(errno === undefined ? {} : { errno }),
    isPlain: outputs.length === 0 && errno === undefined,
  };
}

export function isInput(passing: ParameterModel['passing']): boolean {
  return !('direction' in passing) || passing.direction !== 'out';
}

export function isOutput(passing: ParameterModel['passing']): boolean {
  return 'direction' in passing && passing.direction !== 'in';
}

/** Parameters that are addresses which are not checked, as they are allowed by name: `FUNCTION.PARAMETER`. */
export function uncheckedNames({ name, parameters }: FunctionModel): readonly string[] {
  return parameters
    .filter(({ passing }) => passing.kind === 'unchecked')
    .map((parameter) => `${name}.${parameter.name}`);
}

/** Parameters whose value an extent names. */
export function measuresOf({ size, count }: Extent): readonly string[] {
  return [size, count].flatMap((measure) => (measure !== undefined && 'name' in measure ? [measure.name] : []));
}

/** A name that no other of the same object has. */
function freeName(wanted: string, others: readonly string[]): string {
  let free = wanted;
  while (others.includes(free)) free += '_';
  return free;
}
