import { JmesPathError } from './error.ts';

export type ParameterType =
  | 'any'
  | 'array'
  | 'array-number'
  | 'array-string'
  | 'array-or-string'
  | 'array-or-object-or-string'
  | 'array-number-or-array-string'
  | 'expression'
  | 'number'
  | 'object'
  | 'string';

export interface Signature {
  readonly parameters: readonly ParameterType[];
  /** The last parameter may be given more than once. */
  readonly variadic?: true;
}

/** The functions of jmespath.org, and one more that Azure's policies use. */
export const signatures = {
  abs: { parameters: ['number'] },
  avg: { parameters: ['array-number'] },
  ceil: { parameters: ['number'] },
  contains: { parameters: ['array-or-string', 'any'] },
  ends_with: { parameters: ['string', 'string'] },
  equals_ignore_case: { parameters: ['any', 'any'] },
  floor: { parameters: ['number'] },
  join: { parameters: ['string', 'array-string'] },
  keys: { parameters: ['object'] },
  length: { parameters: ['array-or-object-or-string'] },
  map: { parameters: ['expression', 'array'] },
  max: { parameters: ['array-number-or-array-string'] },
  max_by: { parameters: ['array', 'expression'] },
  merge: { parameters: ['object'], variadic: true },
  min: { parameters: ['array-number-or-array-string'] },
  min_by: { parameters: ['array', 'expression'] },
  not_null: { parameters: ['any'], variadic: true },
  reverse: { parameters: ['array-or-string'] },
  sort: { parameters: ['array-number-or-array-string'] },
  sort_by: { parameters: ['array', 'expression'] },
  starts_with: { parameters: ['string', 'string'] },
  sum: { parameters: ['array-number'] },
  to_array: { parameters: ['any'] },
  to_number: { parameters: ['any'] },
  to_string: { parameters: ['any'] },
  type: { parameters: ['any'] },
  values: { parameters: ['object'] },
} as const satisfies Readonly<Record<string, Signature>>;

export type QueryFunction = keyof typeof signatures;

function isQueryFunction(name: string): name is QueryFunction {
  return Object.hasOwn(signatures, name);
}

export function signatureOf(name: QueryFunction): Signature {
  return signatures[name];
}

/** The problem with a call that shows before any value is known. */
export function arityProblem(name: string, count: number): JmesPathError | undefined {
  if (!isQueryFunction(name)) {
    return new JmesPathError('unknown-function', `there is no function ${JSON.stringify(name.slice(0, 40))}.`);
  }
  const { parameters, variadic } = signatureOf(name);
  if (count === parameters.length || (variadic === true && count > parameters.length)) return undefined;
  const wanted = `${variadic === true ? 'at least ' : ''}${parameters.length}`;
  return new JmesPathError('invalid-arity', `${name} takes ${wanted} of arguments, and has ${count}.`);
}
